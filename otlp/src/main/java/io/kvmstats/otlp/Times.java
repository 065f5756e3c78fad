package io.kvmstats.otlp;

import java.time.Instant;

/**
 * What the clock said at one moment: makes a time of day of one that {@link System#nanoTime}
 * counts, as good as the clock is.
 *
 * @param nanoTime of the moment
 * @param epochNanos of the same moment, in ns since 1970
 */
record Times(long nanoTime, long epochNanos) {
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /** {@return the present moment} */
  static Times now() {
    Instant now = Instant.now();
    return new Times(System.nanoTime(), now.getEpochSecond() * NANOS_PER_SECOND + now.getNano());
  }

  /** {@return in ns since 1970 what is in ns of {@link System#nanoTime}} */
  long epochNanos(long nanos) {
    return epochNanos + (nanos - nanoTime);
  }
}
