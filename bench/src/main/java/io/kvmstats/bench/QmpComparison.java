package io.kvmstats.bench;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.collect.Sweep;
import io.kvmstats.collect.Table;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.qmp.QmpVm;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A full reading of a QEMU's VM and vCPUs by kept stats fds beside one by QMP: the same values of
 * the same VM, in turn, in CPU time of both processes.
 *
 * <p>The guest has run, and is stopped while it is measured, so that QEMU's CPU time is the
 * answers' alone. That is kind to QMP: a vCPU that runs would have to leave the guest for each
 * answer.
 */
public final class QmpComparison {
  private static final int ROUNDS = 11;
  private static final int SWEEPS = 200_000;
  private static final int QUERIES = 500;

  private QmpComparison() {}

  /** Something that is measured. */
  private interface Reading {
    void read() throws IOException;
  }

  /**
   * CPU time of one reading, in ns.
   *
   * @param ours this process's
   * @param qemus QEMU's
   */
  private record Cost(double ours, double qemus) {
    double both() {
      return ours + qemus;
    }
  }

  /**
   * Runs the comparison.
   *
   * @param args the pid of a QEMU that keeps no stats fds or does, with a QMP socket that is free,
   *     and the path of a second one, to stop it by
   * @throws IOException when it can't be read in both ways
   */
  public static void main(String[] args) throws IOException {
    int pid = Integer.parseInt(args[0]);
    try (Vmm forQmp = find(pid);
        QmpVm qmp = QmpVm.open(forQmp);
        AcquiredVmm acquired = new Acquirer(true, List.of()).acquire(find(pid));
        Table table = new Table()) {
      if (acquired.objects().size() != qmp.objects().size()) {
        throw new IOException("not all can be read: " + acquired.shortfall().orElse(""));
      }
      stop(Path.of(args[1]));
      List<MemorySegment> blocks = new ArrayList<>();
      int values = 0;
      for (QmpVm.QmpObject object : qmp.objects()) {
        int longs = Math.toIntExact(object.schema().dataBytes() / Long.BYTES);
        blocks.add(MemorySegment.ofArray(new long[longs]));
        values += longs;
      }
      Sweep sweep = new Sweep(table);
      for (StatsObject object : acquired.objects()) {
        sweep.add(KernelsAlone.of(object)); // QMP has no times of threads.
      }
      System.out.printf(
          Locale.ROOT,
          "QEMU %s, guest stopped; a full reading: the VM and %d vCPUs, %d values%n",
          qmp.version(),
          qmp.objects().size() - 1,
          values);
      compare(pid, sweep::run, () -> qmp.query(blocks));
    }
  }

  private static void compare(int pid, Reading bySweep, Reading byQmp) throws IOException {
    cost(pid, bySweep, SWEEPS); // To be compiled.
    cost(pid, byQmp, 10 * QUERIES);
    List<Cost> sweeps = new ArrayList<>();
    List<Cost> queries = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      sweeps.add(cost(pid, bySweep, SWEEPS));
      queries.add(cost(pid, byQmp, QUERIES));
    }
    System.out.printf(
        Locale.ROOT, "rounds: %d of %d sweeps and %d queries%n", ROUNDS, SWEEPS, QUERIES);
    print("kept stats fds, swept", sweeps);
    print("QMP query-stats, vm and vcpu", queries);
    double[] ratios = new double[ROUNDS];
    double[] ofQemu = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      ratios[i] = queries.get(i).both() / sweeps.get(i).both();
      ofQemu[i] = queries.get(i).qemus() / sweeps.get(i).both();
    }
    System.out.printf(
        Locale.ROOT,
        "CPU time of both processes, QMP / fds: %.0f (median of rounds); of QEMU's part alone: %.0f%n",
        median(ratios),
        median(ofQemu));
  }

  private static void print(String what, List<Cost> costs) {
    System.out.printf(
        Locale.ROOT,
        "%s: %.2f us of CPU time, %.2f here and %.2f in QEMU (medians)%n",
        what,
        median(costs.stream().mapToDouble(Cost::both).toArray()) / 1e3,
        median(costs.stream().mapToDouble(Cost::ours).toArray()) / 1e3,
        median(costs.stream().mapToDouble(Cost::qemus).toArray()) / 1e3);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static Cost cost(int pid, Reading reading, int times) throws IOException {
    CpuTime ours = new CpuTime(ProcessHandle.current().pid());
    CpuTime qemus = new CpuTime(pid);
    long oursBefore = ours.nanos();
    long qemusBefore = qemus.nanos();
    for (int i = 0; i < times; i++) {
      reading.read();
    }
    return new Cost(
        (ours.nanos() - oursBefore) / (double) times,
        (qemus.nanos() - qemusBefore) / (double) times);
  }

  private static Vmm find(int pid) throws IOException {
    Optional<Vmm> found = Optional.empty();
    for (Vmm vmm : new Host().scan().vmms()) {
      if (vmm.pid() == pid) {
        found = Optional.of(vmm);
      } else {
        vmm.close();
      }
    }
    return found.orElseThrow(() -> new IOException("process " + pid + " has no VM"));
  }

  private static void stop(Path monitor) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(monitor));
      String commands = "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"stop\",\"id\":1}";
      channel.write(ByteBuffer.wrap(commands.getBytes(StandardCharsets.UTF_8)));
      BufferedReader lines =
          new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
      String line = lines.readLine();
      while (line != null && !line.contains("\"id\": 1}")) {
        line = lines.readLine();
      }
      if (line == null) {
        throw new IOException("QEMU does not say that it has stopped");
      }
    }
  }
}
