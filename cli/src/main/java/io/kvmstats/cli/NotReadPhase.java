package io.kvmstats.cli;

/** A phase in which nothing is done. */
final class NotReadPhase implements Phase {
  @Override
  public String name() {
    return "not read";
  }

  @Override
  public boolean reads() {
    return false;
  }

  @Override
  public int perSecond() {
    return 0;
  }

  @Override
  public void read() {}

  @Override
  public void close() {}
}
