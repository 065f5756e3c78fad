package io.kvmstats.bench;

import io.kvmstats.acquire.StatsFd;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.core.model.Schema;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Mapping;
import io.kvmstats.linux.Memfd;
import io.kvmstats.linux.Pidfd;
import io.kvmstats.publish.CumulativeStat;
import io.kvmstats.publish.PublishedVcpu;
import io.kvmstats.publish.PublishedVm;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Published statistics beside what they stand in for: counting beside plain fields, and reading a
 * mapped vCPU beside a pread of the kernel's, with as many values. Same process, in turn.
 *
 * <p>Prints medians over the rounds, and of the times' ratio in the same round.
 */
public final class PublishComparison {
  private static final int ROUNDS = 301;
  private static final int WARM_UP_ROUNDS = 50;
  private static final int COUNTS_PER_ROUND = 100_000;
  private static final int READS_PER_ROUND = 2_000;

  /** In turn, so that the processor guesses each and what is left is the counting. */
  private static final byte[] REASONS = {0, 1, 2, 3, 0, 1, 2, 3};

  /** Ends no loop, but the compiler can't know. */
  private static volatile boolean enough;

  /** What a program counts in that publishes nothing. */
  private static final class Plain {
    private long value;

    void increment() {
      value++;
    }
  }

  private PublishComparison() {}

  /**
   * Runs the comparison.
   *
   * @param args none
   * @throws IOException when there is no KVM
   */
  public static void main(String[] args) throws IOException {
    try (Vm64 vm64 = new Vm64();
        Arena arena = Arena.ofConfined()) {
      StatsObject kernels = vm64.objects().getLast();
      Schema schema = kernels.file().schema();
      try (PublishedVm vm = new PublishedVm(schema, schema);
          PublishedVcpu vcpu = vm.addVcpu(0);
          Mapping mapped = mapped(schema)) {
        counting(vcpu);
        MemorySegment into = arena.allocate(schema.dataBytes());
        MemorySegment data =
            mapped.segment().asSlice(mapped.segment().byteSize() - schema.dataBytes());
        Fd fd = ((StatsFd) kernels.bytes()).fd();
        long offset = kernels.file().dataOffset();
        System.out.printf(Locale.ROOT, "a vCPU's data: %d bytes%n", schema.dataBytes());
        compare(
            "pread of the kernel's stats fd",
            () -> {
              for (int i = 0; i < READS_PER_ROUND; i++) {
                if (fd.tryPread(into, offset) != into.byteSize()) {
                  throw new IllegalStateException("a short read");
                }
              }
            },
            "copy out of the published one's mapping",
            () -> {
              for (int i = 0; i < READS_PER_ROUND; i++) {
                MemorySegment.copy(data, 0, into, 0, into.byteSize());
                VarHandle.acquireFence(); // Or all copies but the last would be left out.
              }
            },
            READS_PER_ROUND);
      }
    }
  }

  /** Maps the vCPU as another process would, by its name in /proc. */
  private static Mapping mapped(Schema schema) throws IOException {
    int self = Math.toIntExact(ProcessHandle.current().pid());
    List<Path> fds;
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      fds = all.toList();
    }
    for (Path path : fds) {
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)
          && Files.readSymbolicLink(path).toString().startsWith("/memfd:kvm-vcpu-stats:0 ")) {
        try (Pidfd process = Pidfd.open(self);
            Fd fd = process.getfd(Integer.parseInt(path.getFileName().toString()))) {
          if ((Memfd.seals(fd) & Memfd.F_SEAL_SHRINK) == 0) {
            throw new IllegalStateException("not sealed");
          }
          long stride = 64;
          long before = 72;
          return Mapping.readOnly(
              fd, before + stride * schema.descriptors().size() + schema.dataBytes());
        }
      }
    }
    throw new IllegalStateException("the published vCPU is not open");
  }

  private static void counting(PublishedVcpu vcpu) {
    CumulativeStat a = vcpu.cumulative("exits");
    CumulativeStat b = vcpu.cumulative("io_exits");
    CumulativeStat c = vcpu.cumulative("mmio_exits");
    CumulativeStat d = vcpu.cumulative("halt_exits");
    Plain w = new Plain();
    Plain x = new Plain();
    Plain y = new Plain();
    Plain z = new Plain();
    compare(
        "increment of a plain field, by what a VM exits for",
        () -> {
          for (int i = 0; i < COUNTS_PER_ROUND; i++) {
            switch (REASONS[i % REASONS.length]) {
              case 0 -> w.increment();
              case 1 -> x.increment();
              case 2 -> y.increment();
              default -> z.increment();
            }
          }
        },
        "increment of a published statistic",
        () -> {
          for (int i = 0; i < COUNTS_PER_ROUND; i++) {
            switch (REASONS[i % REASONS.length]) {
              case 0 -> a.increment();
              case 1 -> b.increment();
              case 2 -> c.increment();
              default -> d.increment();
            }
          }
        },
        COUNTS_PER_ROUND);
    // A volatile read makes the compiler forget what it knew: here the address counts too.
    compare(
        "increment of a plain field, a volatile read every fourth",
        () -> {
          for (int i = 0; i < COUNTS_PER_ROUND && !enough; i += 4) {
            w.increment();
            x.increment();
            y.increment();
            z.increment();
          }
        },
        "increment of a published statistic",
        () -> {
          for (int i = 0; i < COUNTS_PER_ROUND && !enough; i += 4) {
            a.increment();
            b.increment();
            c.increment();
            d.increment();
          }
        },
        COUNTS_PER_ROUND);
    if (w.value + x.value + y.value + z.value != a.get() + b.get() + c.get() + d.get()) {
      throw new IllegalStateException("they have not counted the same");
    }
  }

  private static void compare(
      String first, Runnable one, String second, Runnable other, int perRound) {
    for (int round = 0; round < WARM_UP_ROUNDS; round++) {
      one.run();
      other.run();
    }
    double[] ones = new double[ROUNDS];
    double[] others = new double[ROUNDS];
    double[] ratios = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      // In turn first: whoever comes first has no advantage.
      if (round % 2 == 0) {
        ones[round] = nanos(one, perRound);
        others[round] = nanos(other, perRound);
      } else {
        others[round] = nanos(other, perRound);
        ones[round] = nanos(one, perRound);
      }
      ratios[round] = others[round] / ones[round];
    }
    System.out.printf(Locale.ROOT, "%s: %.2f ns (median)%n", first, median(ones));
    System.out.printf(
        Locale.ROOT,
        "%s: %.2f ns (median); ratio: %.3f (median of rounds)%n",
        second,
        median(others),
        median(ratios));
  }

  private static double nanos(Runnable run, int perRound) {
    long start = System.nanoTime();
    run.run();
    return (System.nanoTime() - start) / (double) perRound;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
