package io.kvmstats.bench;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.broker.BrokerView;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Sweep;
import io.kvmstats.collect.Table;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.OpenFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A host of 2,000 vCPUs in 250 VMs: what it takes to find, acquire and sweep them, and what a
 * broker's readers cost it, ten beside one and none, in the same run.
 */
public final class BrokerScale {
  private static final int VMS = 250;
  private static final int VCPUS = 8;
  private static final int SWEEPS = 201;
  private static final Duration INTERVAL = Duration.ofMillis(100);
  private static final long WINDOW_MILLIS = 3000;
  private static final int ROUNDS = 7;
  private static final int[] READERS = {0, 1, 10};

  private BrokerScale() {}

  /**
   * Runs it.
   *
   * @param args the program made of population.c, and the kvmstats command
   * @throws IOException when there is no KVM
   * @throws InterruptedException never
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    OpenFiles.raise();
    try (Population population = Population.start(args[0], VMS, 0, VCPUS)) {
      population.awaitReady();
      alone();
      withReaders(args[1]);
    }
  }

  private static void alone() throws IOException {
    Host host = new Host();
    long start = System.nanoTime();
    Host.Scan scan = host.scan();
    long scanned = System.nanoTime();
    Acquirer acquirer = new Acquirer();
    List<AcquiredVmm> acquired = new ArrayList<>();
    for (Vmm vmm : scan.vmms()) {
      acquired.add(acquirer.acquire(vmm));
    }
    long done = System.nanoTime();
    long vcpus = 0;
    try (Table table = new Table()) {
      Sweep sweep = new Sweep(table);
      for (AcquiredVmm vmm : acquired) {
        for (StatsObject object : vmm.objects()) {
          sweep.add(object);
          vcpus += object.isVcpu() ? 1 : 0;
        }
      }
      double[] sweeps = new double[SWEEPS];
      for (int i = 0; i < SWEEPS; i++) {
        long before = System.nanoTime();
        sweep.run();
        sweeps[i] = (System.nanoTime() - before) / 1e6;
      }
      Arrays.sort(sweeps);
      System.out.printf(
          Locale.ROOT,
          "%d VMMs with %d vCPUs: found in %.0f ms (cold), acquired in %.0f ms (cold),"
              + " swept in %.2f ms (median of %d)%n",
          acquired.size(),
          vcpus,
          (scanned - start) / 1e6,
          (done - scanned) / 1e6,
          sweeps[SWEEPS / 2],
          SWEEPS);
    }
    acquired.forEach(AcquiredVmm::close);
  }

  private static void withReaders(String kvmstats) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("broker");
    Path socket = folder.resolve("socket");
    Process broker =
        new ProcessBuilder(kvmstats, "broker", "--listen", socket.toString(), "-i", "0.1")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      await(socket);
      CpuTime time = new CpuTime(broker.pid());
      double[][] perSweep = new double[READERS.length][ROUNDS];
      for (int i = 0; i < ROUNDS; i++) {
        run(time, socket, READERS[i % READERS.length]); // Until all is compiled.
      }
      for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < READERS.length; i++) {
          perSweep[i][round] = run(time, socket, READERS[i]);
        }
      }
      double[] ratios = new double[ROUNDS];
      Arrays.setAll(ratios, round -> perSweep[2][round] / perSweep[1][round]);
      Arrays.sort(ratios);
      for (int i = 0; i < READERS.length; i++) {
        Arrays.sort(perSweep[i]);
        System.out.printf(
            Locale.ROOT,
            "the broker with %d readers, ten sweeps a second: %.2f ms of CPU time per sweep"
                + " (median of %d)%n",
            READERS[i],
            perSweep[i][ROUNDS / 2],
            ROUNDS);
      }
      System.out.printf(
          Locale.ROOT,
          "ten readers / one: %.3f (median of rounds; %.3f to %.3f)%n",
          ratios[ROUNDS / 2],
          ratios[0],
          ratios[ROUNDS - 1]);
      System.out.printf(Locale.ROOT, "the broker's resident memory: %s%n", residentMemory(broker));
    } finally {
      broker.destroy();
      broker.waitFor();
      Files.deleteIfExists(socket);
      Files.delete(folder);
    }
  }

  /** Waits until the broker has found all. */
  private static void await(Path socket) throws IOException, InterruptedException {
    while (!Files.exists(socket)) {
      Thread.sleep(INTERVAL);
    }
    try (BrokerView view = view(socket)) {
      while (view.vmms().size() < VMS) {
        Thread.sleep(INTERVAL);
        view.refresh();
      }
    }
  }

  private static BrokerView view(Path socket) throws IOException {
    return new BrokerView(socket, vmm -> true, Optional.empty());
  }

  /** {@return the broker's CPU time per sweep while there are so many readers, in ms} */
  private static double run(CpuTime broker, Path socket, int readers)
      throws IOException, InterruptedException {
    List<Thread> threads = new ArrayList<>();
    AtomicLong read = new AtomicLong();
    for (int i = 0; i < readers; i++) {
      threads.add(Thread.ofPlatform().start(() -> read(socket, read)));
    }
    Thread.sleep(WINDOW_MILLIS / 5); // Until all have connected.
    long before = broker.nanos();
    Thread.sleep(WINDOW_MILLIS);
    long used = broker.nanos() - before;
    for (Thread thread : threads) {
      thread.interrupt();
      thread.join();
    }
    if (readers > 0 && read.get() < VMS * (long) VCPUS * readers) {
      throw new IllegalStateException("the readers have not read all");
    }
    return used / 1e6 / (WINDOW_MILLIS / (double) INTERVAL.toMillis());
  }

  private static void read(Path socket, AtomicLong read) {
    try (BrokerView view = view(socket)) {
      while (!Thread.currentThread().isInterrupted()) {
        view.refresh();
        view.sweep(INTERVAL.dividedBy(2));
        read.addAndGet(
            view.vmms().stream()
                .flatMap(vmm -> vmm.objects().stream())
                .map(ObjectView::read)
                .filter(Optional::isPresent)
                .count());
        Thread.sleep(INTERVAL);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // The window is over.
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String residentMemory(Process process) throws IOException {
    return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .findFirst()
        .orElseThrow()
        .substring("VmRSS:".length())
        .strip();
  }
}
