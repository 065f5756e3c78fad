package io.kvmstats.bench;

import com.sun.management.ThreadMXBean;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.collect.Sweep;
import io.kvmstats.collect.Table;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * The sweep of 64 vCPUs and their VM beside a C loop: same process, same descriptors, in turn.
 *
 * <p>Prints the median over the rounds of Java's time divided by C's in the same round, so that
 * what slows the machine down for a while slows both.
 */
public final class SweepComparison {
  private static final int WARM_UP_SWEEPS = 20_000;
  private static final int ROUNDS = 301;
  private static final int SWEEPS_PER_ROUND = 100;

  private SweepComparison() {}

  /**
   * Runs the comparison.
   *
   * @param args the shared object made of sweep.c
   * @throws IOException when there is no KVM
   */
  public static void main(String[] args) throws IOException {
    try (Vm64 vm = new Vm64();
        Table table = new Table();
        CLoop c = new CLoop(Path.of(args[0]), vm.objects())) {
      Sweep sweep = new Sweep(table);
      for (StatsObject object : vm.objects()) {
        sweep.add(object);
      }
      for (int i = 0; i < WARM_UP_SWEEPS; i++) {
        sweep.run();
        c.sweep();
        c.preads();
      }
      double[] java = new double[ROUNDS];
      double[] same = new double[ROUNDS];
      double[] least = new double[ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        // In another order each round: whoever comes first has no advantage.
        for (int i = 0; i < 3; i++) {
          switch ((round + i) % 3) {
            case 0 -> java[round] = nanosPerSweep(sweep::run);
            case 1 -> same[round] = nanosPerSweep(c::sweep);
            default -> least[round] = nanosPerSweep(c::preads);
          }
        }
      }
      System.out.printf(Locale.ROOT, "objects per sweep: %d%n", vm.objects().size());
      System.out.printf(Locale.ROOT, "rounds: %d of %d sweeps each%n", ROUNDS, SWEEPS_PER_ROUND);
      System.out.printf(Locale.ROOT, "Java sweep: %.1f us (median)%n", median(java) / 1e3);
      print("C loop, the same work (pread, clock, sample)", java, same);
      print("C loop, preads alone", java, least);
      System.out.printf(
          Locale.ROOT, "allocated per sweep: %d bytes%n", allocated(sweep) / SWEEPS_PER_ROUND);
    }
  }

  private static double nanosPerSweep(Runnable sweep) {
    long start = System.nanoTime();
    for (int i = 0; i < SWEEPS_PER_ROUND; i++) {
      sweep.run();
    }
    return (System.nanoTime() - start) / (double) SWEEPS_PER_ROUND;
  }

  private static void print(String what, double[] java, double[] c) {
    double[] ratios = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      ratios[i] = java[i] / c[i];
    }
    System.out.printf(
        Locale.ROOT,
        "%s: %.1f us (median); Java / C: %.3f (median of rounds)%n",
        what,
        median(c) / 1e3,
        median(ratios));
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static long allocated(Sweep sweep) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < SWEEPS_PER_ROUND; i++) {
      sweep.run();
    }
    return threads.getCurrentThreadAllocatedBytes() - before;
  }
}
