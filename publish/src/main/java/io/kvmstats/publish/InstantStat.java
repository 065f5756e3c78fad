package io.kvmstats.publish;

import io.kvmstats.linux.Word;

/** A published statistic that is a state. One thread at a time writes, any reads. */
public final class InstantStat {
  private final Word value;

  InstantStat(Word value) {
    this.value = value;
  }

  /**
   * Says what the state is now.
   *
   * @param now unsigned
   */
  public void set(long now) {
    value.set(now);
  }

  /** {@return the value, unsigned} */
  public long get() {
    return value.get();
  }
}
