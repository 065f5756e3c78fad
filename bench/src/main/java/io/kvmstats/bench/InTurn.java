package io.kvmstats.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * Several ways of doing one thing, timed in turn in one process, so that what slows the machine
 * down for a while slows all of them.
 */
final class InTurn {
  static final int ROUNDS = 301;

  private final double[][] nanos;

  /**
   * Times them, in {@link #ROUNDS} rounds.
   *
   * @param warmUp how many times each is run before
   * @param perRound how many times each is run in a round
   */
  InTurn(int warmUp, int perRound, Runnable... ways) {
    this(ROUNDS, warmUp, perRound, ways);
  }

  /**
   * Times them.
   *
   * @param rounds how many rounds
   * @param warmUp how many times each is run before
   * @param perRound how many times each is run in a round
   */
  InTurn(int rounds, int warmUp, int perRound, Runnable... ways) {
    for (int i = 0; i < warmUp; i++) {
      for (Runnable way : ways) {
        way.run();
      }
    }
    nanos = new double[ways.length][rounds];
    for (int round = 0; round < rounds; round++) {
      // In another order each round: whoever comes first has no advantage.
      for (int i = 0; i < ways.length; i++) {
        int way = (round + i) % ways.length;
        nanos[way][round] = nanosEach(ways[way], perRound);
      }
    }
  }

  private static double nanosEach(Runnable way, int times) {
    long start = System.nanoTime();
    for (int i = 0; i < times; i++) {
      way.run();
    }
    return (System.nanoTime() - start) / (double) times;
  }

  /** {@return the median of a way's times, in ns} */
  double nanos(int way) {
    return median(nanos[way]);
  }

  /** {@return the median over the rounds of one way's time divided by another's in that round} */
  double ratio(int way, int other) {
    double[] ratios = new double[nanos[way].length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = nanos[way][i] / nanos[other][i];
    }
    return median(ratios);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** {@return how many bytes this thread allocates when it does that so many times} */
  static long allocated(int times, Runnable way) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < times; i++) {
      way.run();
    }
    return threads.getCurrentThreadAllocatedBytes() - before;
  }
}
