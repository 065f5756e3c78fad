package io.kvmstats.collect;

/**
 * When to try again what was refused: at the next look, then after a second, two, four and so on,
 * up to a minute. What is refused for good costs little so, and what attach would stop a VMM's
 * thread for is hardly noticed.
 */
final class Retry {
  private static final long FIRST_NANOS = 1_000_000_000L;
  private static final long MOST_NANOS = 60 * FIRST_NANOS;

  private long last;
  private long wait;

  /**
   * Begins with a first try.
   *
   * @param now when that is, in ns
   */
  Retry(long now) {
    this.last = now;
  }

  /**
   * {@return whether it is time for the next one, which then counts as made}
   *
   * @param now in ns
   */
  boolean isDue(long now) {
    if (now - last < wait) {
      return false;
    }
    last = now;
    wait = Math.clamp(2 * wait, FIRST_NANOS, MOST_NANOS);
    return true;
  }
}
