package io.kvmstats.bench;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.kvmstats.discover.Host;
import io.kvmstats.linux.CFunction;
import io.kvmstats.linux.Mapping;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Scans of a host of 500 processes more, 200 of which hold a VM, beside a C loop that reads the
 * link of every descriptor there is: in one process, in turn.
 */
public final class ScanComparison {
  private static final int VMS = 200;
  private static final int OTHERS = 300;
  private static final int ROUNDS = 51;
  private static final int WARM_UP_SCANS = 40;

  private ScanComparison() {}

  /**
   * Runs the comparison.
   *
   * @param args the program made of population.c, the shared object made of scan.c
   * @throws IOException when there is no KVM
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    try (Population population = Population.start(args[0], VMS, OTHERS, 2)) {
      population.awaitReady();
      compare(Path.of(args[1]));
    }
  }

  private static void compare(Path library) throws IOException {
    CFunction scan = CFunction.load(library, "scan");
    Host host = new Host();
    try (Mapping counts = Mapping.anonymous(2 * Long.BYTES)) {
      long descriptors = counts.segment().address();
      Runnable c = () -> scan.call(descriptors, descriptors + Long.BYTES);
      InTurn times =
          new InTurn(ROUNDS, WARM_UP_SCANS, 1, () -> found(new Host()), () -> found(host), c);
      System.out.printf(
          Locale.ROOT,
          "processes: %d, with %d descriptors and %d VMs; VMMs found: %d%n",
          scan.call(descriptors, descriptors + Long.BYTES),
          counts.segment().get(JAVA_LONG, 0),
          counts.segment().get(JAVA_LONG, Long.BYTES),
          found(host));
      System.out.printf(Locale.ROOT, "rounds: %d%n", ROUNDS);
      print("a first scan", times, 0);
      print("a scan that follows", times, 1);
      System.out.printf(
          Locale.ROOT, "C loop, every link read once: %.1f ms (median)%n", times.nanos(2) / 1e6);
    }
  }

  private static int found(Host host) {
    try (Host.Scan scan = host.scan()) {
      return scan.vmms().size();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void print(String what, InTurn times, int way) {
    System.out.printf(
        Locale.ROOT,
        "%s: %.1f ms (median); Java / C: %.2f (median of rounds)%n",
        what,
        times.nanos(way) / 1e6,
        times.ratio(way, 2));
  }
}
