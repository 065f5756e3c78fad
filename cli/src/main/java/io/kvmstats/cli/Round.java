package io.kvmstats.cli;

import io.kvmstats.guest.GapMeter;
import io.kvmstats.guest.Gaps;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One turn of a phase.
 *
 * @param gaps the guest's account of it
 * @param times how often it was done
 * @param nanos how long it took
 */
record Round(Gaps gaps, long times, long nanos) {

  /**
   * Runs a phase once.
   *
   * @param atLeast how long
   */
  static Round run(Phase phase, GapMeter meter, Duration atLeast) throws IOException {
    meter.begin();
    long start = System.nanoTime();
    long times = repeat(phase, start, atLeast.toNanos());
    Gaps gaps = meter.end();
    return new Round(gaps, times, System.nanoTime() - start);
  }

  private static long repeat(Phase phase, long start, long nanos) throws IOException {
    if (phase.perSecond() == 0) {
      sleepUntil(start + nanos);
      return 0;
    }
    long period = TimeUnit.SECONDS.toNanos(1) / phase.perSecond();
    long times = 0;
    long next = start;
    while (next - start < nanos) {
      sleepUntil(next);
      phase.read();
      times++;
      // One that comes late is not made up for: two at once would be another thing to measure.
      next += Math.max(1, (System.nanoTime() - next) / period + 1) * period;
    }
    sleepUntil(start + nanos);
    return times;
  }

  private static void sleepUntil(long nanoTime) throws IOException {
    for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
      LockSupport.parkNanos(left);
      if (Thread.interrupted()) {
        throw new IOException("interrupted");
      }
    }
  }
}
