package io.kvmstats.bench;

import com.sun.management.ThreadMXBean;
import io.kvmstats.acquire.Source;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.Vmm;
import io.kvmstats.openmetrics.Detail;
import io.kvmstats.openmetrics.Exposition;
import io.kvmstats.openmetrics.Format;
import io.kvmstats.openmetrics.Health;
import io.kvmstats.openmetrics.Selection;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusProtobufWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A scrape of 1,000 vCPUs with all their scalars, beside the same content through the Prometheus
 * client library: its snapshots built, and its writers. Both take the same samples, in turn, in one
 * process.
 */
public final class ScrapeComparison {
  private static final int VMS = 125;
  private static final int VCPUS_PER_VM = 8;
  private static final int WARM_UP = 150;
  private static final int ROUNDS = 101;
  private static final Health HEALTH = new Health(true, 0, 0.001, "benchmark");

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private ScrapeComparison() {}

  private interface Scrape {
    void run(OutputStream out) throws IOException;
  }

  /** Takes what it is given, as a socket would. */
  private static final class Count extends OutputStream {
    private long bytes;

    @Override
    public void write(int one) {
      bytes++;
    }

    @Override
    public void write(byte[] array, int offset, int length) {
      bytes += length;
    }
  }

  /**
   * Runs the comparison.
   *
   * @param args none
   * @throws IOException when there is no KVM, whose schemas are taken
   */
  public static void main(String[] args) throws IOException {
    List<VmmView> vmms = vmms();
    Exposition exposition = new Exposition(new Selection(Detail.VCPU, List.of(), List.of()));
    int series = exposition.series(vmms, HEALTH).values().stream().mapToInt(i -> i).sum();
    System.out.printf(
        Locale.ROOT, "%d vCPUs of %d VMs, %d series%n", VMS * VCPUS_PER_VM, VMS, series);
    ClientLibrary library = new ClientLibrary();
    for (Format format : Format.values()) {
      ExpositionFormatWriter writer =
          switch (format) {
            case TEXT -> PrometheusTextFormatWriter.create();
            case OPENMETRICS ->
                OpenMetricsTextFormatWriter.builder().setCreatedTimestampsEnabled(false).build();
            case PROTOBUF -> new PrometheusProtobufWriter();
          };
      compare(
          format,
          out -> exposition.write(vmms, HEALTH, format, Set.of(), out),
          out -> writer.write(out, library.snapshots(vmms)));
    }
  }

  private static void compare(Format format, Scrape ours, Scrape theirs) throws IOException {
    Scrape[] scrapes = {ours, theirs};
    double[][] millis = new double[2][ROUNDS];
    long[] bytes = new long[2];
    long[] allocated = new long[2];
    for (int round = -WARM_UP; round < ROUNDS; round++) {
      for (int i = 0; i < scrapes.length; i++) {
        int way = Math.floorMod(round + i, 2); // Whoever comes first has no advantage.
        Count out = new Count();
        long before = THREADS.getCurrentThreadAllocatedBytes();
        long start = THREADS.getCurrentThreadCpuTime();
        scrapes[way].run(out);
        long end = THREADS.getCurrentThreadCpuTime();
        allocated[way] = THREADS.getCurrentThreadAllocatedBytes() - before;
        bytes[way] = out.bytes;
        if (round >= 0) {
          millis[way][round] = (end - start) / 1e6;
        }
      }
    }
    double[] ratios =
        IntStream.range(0, ROUNDS).mapToDouble(i -> millis[0][i] / millis[1][i]).toArray();
    System.out.printf(
        Locale.ROOT,
        "%s: kvmstats %.2f ms of CPU, %d bytes, %d KiB allocated; client library %.2f ms, %d bytes,"
            + " %d KiB allocated (medians of %d); kvmstats / client library: %.3f (median of"
            + " rounds; limit 0.333)%n",
        format,
        median(millis[0]),
        bytes[0],
        allocated[0] >> 10,
        median(millis[1]),
        bytes[1],
        allocated[1] >> 10,
        ROUNDS,
        median(ratios));
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static List<VmmView> vmms() throws IOException {
    Schema vm;
    Schema vcpu;
    try (Vm64 real = new Vm64()) {
      List<StatsObject> objects = real.objects();
      vm = objects.getFirst().file().schema();
      vcpu = objects.getLast().file().schema();
    }
    Random random = new Random(1);
    List<VmmView> vmms = new ArrayList<>();
    for (int i = 0; i < VMS; i++) {
      List<ObjectView> objects = new ArrayList<>();
      objects.add(object(KvmFd.NO_VCPU, 10, vm, random));
      for (int j = 0; j < VCPUS_PER_VM; j++) {
        objects.add(object(j, 20 + j, vcpu, random));
      }
      vmms.add(
          new VmmView(
              new Vmm.Key(1000 + i, 100 + i),
              "qemu-system-x86_64",
              new VmIdentity(
                  Optional.of(new VmName("machine-" + i + ".example.org", "-name")),
                  Optional.empty()),
              1,
              IntStream.range(0, VCPUS_PER_VM).boxed().toList(),
              Optional.of(Source.DUP),
              false,
              Optional.empty(),
              objects));
    }
    return vmms;
  }

  /**
   * Numbers of all sizes up to days of nanoseconds; read by a copy of two samples, as a slot is.
   */
  private static ObjectView object(int vcpu, int fd, Schema schema, Random random) {
    byte[] data = new byte[Math.toIntExact(schema.dataBytes())];
    MemorySegment words = MemorySegment.ofArray(data);
    for (int i = 0; i < data.length; i += Long.BYTES) {
      long value = random.nextLong(1L << random.nextInt(1, 48));
      words.set(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, i, value);
    }
    return new ObjectView(
        vcpu,
        fd,
        "kvm-" + fd,
        schema,
        () -> Optional.of(new Reading(copy(schema, data), Optional.of(copy(schema, data)))));
  }

  private static Sample copy(Schema schema, byte[] data) {
    long now = System.nanoTime();
    MemorySegment copy = MemorySegment.ofArray(data.clone()).asReadOnly();
    return new Sample(schema, now, now, copy, ByteOrder.nativeOrder());
  }
}
