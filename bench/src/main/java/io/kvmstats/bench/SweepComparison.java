package io.kvmstats.bench;

import io.kvmstats.acquire.StatsObject;
import io.kvmstats.collect.Sweep;
import io.kvmstats.collect.Table;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * The sweep of 64 vCPUs and their VM beside a C loop: same process, same descriptors, in turn.
 *
 * <p>Prints the median over the rounds of Java's time divided by C's in the same round, so that
 * what slows the machine down for a while slows both. Then the same of 64 vCPUs of another process,
 * with and without the times of their threads.
 */
public final class SweepComparison {
  private static final int WARM_UP_SWEEPS = 20_000;
  private static final int SWEEPS_PER_ROUND = 100;
  private static final int LINE_BYTES = 64;

  private SweepComparison() {}

  /**
   * Runs the comparison.
   *
   * @param args the shared object made of sweep.c
   * @throws IOException when there is no KVM
   * @throws InterruptedException when it is not to go on
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    try (Vm64 vm = new Vm64();
        Table table = new Table();
        CLoop c = new CLoop(Path.of(args[0]), vm.objects())) {
      Sweep sweep = new Sweep(table);
      for (StatsObject object : vm.objects()) {
        sweep.add(object);
      }
      Preads preads = new Preads(vm.objects());
      InTurn times =
          new InTurn(
              WARM_UP_SWEEPS, SWEEPS_PER_ROUND, sweep::run, c::sweep, c::preads, preads::run);
      System.out.printf(Locale.ROOT, "objects per sweep: %d%n", vm.objects().size());
      System.out.printf(
          Locale.ROOT, "rounds: %d of %d sweeps each%n", InTurn.ROUNDS, SWEEPS_PER_ROUND);
      System.out.printf(Locale.ROOT, "Java sweep: %.1f us (median)%n", times.nanos(0) / 1e3);
      print("C loop, the same work (pread, clock, sample)", times, 1);
      print("C loop, preads alone", times, 2);
      System.out.printf(
          Locale.ROOT,
          "Java preads alone: %.1f us (median); Java / C: %.3f (median of rounds)%n",
          times.nanos(3) / 1e3,
          times.ratio(3, 2));
      System.out.printf(
          Locale.ROOT,
          "allocated per sweep: %d bytes%n",
          InTurn.allocated(SWEEPS_PER_ROUND, sweep::run) / SWEEPS_PER_ROUND);
    }
    compareThreads();
  }

  /** What the native calls alone cost from Java: the part of the sweep that is the JDK's. */
  private static final class Preads {
    private final List<StatsObject> objects;
    private final MemorySegment[] blocks;

    Preads(List<StatsObject> objects) {
      this.objects = objects;
      blocks = new MemorySegment[objects.size()];
      for (int i = 0; i < blocks.length; i++) {
        long bytes = objects.get(i).file().schema().dataBytes();
        blocks[i] = Arena.global().allocate(bytes, LINE_BYTES);
      }
    }

    void run() {
      for (int i = 0; i < blocks.length; i++) {
        StatsObject object = objects.get(i);
        object.bytes().tryPread(blocks[i], object.file().dataOffset());
      }
    }
  }

  private static void compareThreads() throws IOException, InterruptedException {
    try (VcpuThreads64 vcpus = new VcpuThreads64();
        Table table = new Table()) {
      Sweep with = new Sweep(table);
      for (StatsObject vcpu : vcpus.with()) {
        with.add(vcpu);
      }
      Sweep without = new Sweep(table);
      for (StatsObject vcpu : vcpus.without()) {
        without.add(vcpu);
      }
      InTurn times = new InTurn(WARM_UP_SWEEPS, SWEEPS_PER_ROUND, with::run, without::run);
      System.out.printf(
          Locale.ROOT,
          "Java sweep of %d vCPUs of another process, with the times of their threads: %.1f us,"
              + " without: %.1f us (medians); with / without: %.3f (median of rounds)%n",
          vcpus.with().size(),
          times.nanos(0) / 1e3,
          times.nanos(1) / 1e3,
          times.ratio(0, 1));
      System.out.printf(
          Locale.ROOT,
          "allocated per sweep: %d bytes%n",
          InTurn.allocated(SWEEPS_PER_ROUND, with::run) / SWEEPS_PER_ROUND);
    }
  }

  private static void print(String what, InTurn times, int c) {
    System.out.printf(
        Locale.ROOT,
        "%s: %.1f us (median); Java / C: %.3f (median of rounds)%n",
        what,
        times.nanos(c) / 1e3,
        times.ratio(0, c));
  }
}
