package io.kvmstats.openmetrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.acquire.Source;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.prometheus.metrics.expositionformats.generated.com_google_protobuf_4_36_1.Metrics;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is in the document, and how it is called. */
class ExpositionTest {
  private static final Schema STATS =
      new Hosts.Stats()
          .add("exits", StatType.CUMULATIVE, Unit.NONE, 0)
          .add("queue", StatType.INSTANT, Unit.BYTES, 10)
          .add("worst", StatType.PEAK, Unit.SECONDS, -3)
          .add("blocking", StatType.INSTANT, Unit.BOOLEAN, 0)
          .add("strange", 0x5f, 0, 1, 0)
          .schema();

  private static ObjectView vcpu(int vcpu, long... values) {
    return Hosts.object(vcpu, 20 + vcpu, STATS, i -> values[(int) i]);
  }

  private static Document document(Detail detail, VmmView... vmms) throws Exception {
    return Document.parse(
        Hosts.write(Hosts.exposition(detail), List.of(vmms), Format.TEXT), Format.TEXT);
  }

  @Test
  void numbersHaveAllTheirDigits() throws Exception {
    VmmView vmm = Hosts.vmm(7, "a", List.of(vcpu(0, -1, 3, 1500, 9, 12345678901234567L)));
    Document text = document(Detail.VCPU, vmm);
    Map<String, String> labels = Map.of("vm", "a", "vcpu", "0");
    assertThat(text.family("kvm_vcpu_exits_total").value("kvm_vcpu_exits_total", labels))
        .isEqualTo("18446744073709551615");
    assertThat(text.family("kvm_vcpu_queue_bytes").value("kvm_vcpu_queue_bytes", labels))
        .isEqualTo("3072");
    assertThat(text.family("kvm_vcpu_worst_seconds").value("kvm_vcpu_worst_seconds", labels))
        .isEqualTo("1.5");
    assertThat(text.family("kvm_vcpu_worst_seconds").help).endsWith("This is the largest so far.");
    assertThat(text.family("kvm_vcpu_blocking").value("kvm_vcpu_blocking", labels)).isEqualTo("1");
    assertThat(text.family("kvm_vcpu_strange").type).isEqualTo("untyped");
    assertThat(text.family("kvm_vcpu_strange").value("kvm_vcpu_strange", labels))
        .isEqualTo("12345678901234567");
  }

  @Test
  void overAVmSumsAreSumsAndPeaksAreTheLargest() throws Exception {
    VmmView vmm = Hosts.vmm(7, "a", List.of(vcpu(0, 5, 1, 1500, 1, 1), vcpu(1, 6, 2, 900, 1, 1)));
    Map<String, Double> values = document(Detail.VM, vmm).values();
    assertThat(values)
        .containsEntry("kvm_vcpu_exits_total{vm=a}", 11.0)
        .containsEntry("kvm_vcpu_queue_bytes{vm=a}", 3072.0)
        .containsEntry("kvm_vcpu_worst_seconds{vm=a}", 1.5);
    assertThat(values.keySet()).noneMatch(series -> series.contains("blocking"));
    assertThat(values.keySet()).noneMatch(series -> series.contains("strange"));
    assertThat(values.keySet()).noneMatch(series -> series.contains("vcpu="));
  }

  @Test
  void aSumThatLacksAPartIsAbsent() throws Exception {
    VmmView lacks =
        Hosts.vmm(7, "a", List.of(vcpu(0, 5, 1, 1, 1, 1), Hosts.unreadable(1, 21, STATS)));
    VmmView overflows = Hosts.vmm(8, "b", List.of(vcpu(0, -1, 1, 1, 1, 1), vcpu(1, 1, 1, 1, 1, 1)));
    Document text = document(Detail.VM, lacks, overflows);
    assertThat(text.values())
        .doesNotContainKeys("kvm_vcpu_exits_total{vm=a}", "kvm_vcpu_exits_total{vm=b}")
        .containsEntry("kvm_vcpu_queue_bytes{vm=b}", 2048.0)
        .containsEntry("kvm_vm_vcpus{vm=a}", 2.0);
  }

  @Test
  void aVmIsUpWhenAllThatCanBeReadWasRead() throws Exception {
    List<ObjectView> one = List.of(vcpu(0, 5, 1, 1, 1, 1));
    Schema times =
        new Hosts.Stats()
            .add("exits", StatType.CUMULATIVE, Unit.NONE, 0)
            .add("schedstat.run_ns", StatType.CUMULATIVE, Unit.SECONDS, -9)
            .schema();
    MemorySegment exits = MemorySegment.ofArray(new long[] {1});
    Document text =
        document(
            Detail.VCPU,
            Hosts.vmm(1, "up", one),
            Hosts.vmm(2, "gone", List.of(Hosts.unreadable(0, 20, STATS))),
            Hosts.vmm(3, "short", 1, false, Optional.of("no stats fds"), one),
            Hosts.vmm(4, "closed", List.of()),
            Hosts.vmm(5, "idle", List.of(Hosts.object(0, 20, times, exits))),
            Hosts.vmm(6, "cut", List.of(Hosts.object(0, 20, times, exits.asSlice(0, 0)))));
    assertThat(text.values())
        .containsEntry("kvm_vm_up{vm=up}", 1.0)
        .containsEntry("kvm_vm_up{vm=gone}", 0.0)
        .containsEntry("kvm_vm_up{vm=short}", 1.0)
        .containsEntry("kvm_vm_up{vm=idle}", 1.0)
        .containsEntry("kvm_vm_up{vm=cut}", 0.0)
        .containsEntry("kvm_vm_complete{vm=up}", 1.0)
        .containsEntry("kvm_vm_complete{vm=short}", 0.0)
        .containsEntry("kvm_vm_complete{vm=closed}", 0.0)
        .containsEntry("kvm_vm_up{vm=closed}", 0.0)
        .containsEntry("kvm_vm_sample_age_seconds{vm=up}", 1.5)
        .doesNotContainKey("kvm_vm_sample_age_seconds{vm=gone}");
    assertThat(text.values()).containsKey("kvm_vcpu_exits_total{vcpu=0, vm=short}");
  }

  @Test
  void aNameStaysItsVmsAsLongAsThatLives() throws Exception {
    Exposition exposition = Hosts.exposition(Detail.VCPU);
    List<ObjectView> one = List.of(vcpu(0, 5, 1, 1, 1, 1));
    VmmView first = Hosts.vmm(50, "same", one);
    VmmView second = Hosts.vmm(40, "same", one);
    assertThat(names(exposition, first)).containsExactly("same");
    assertThat(names(exposition, second, first)).containsExactly("same (pid 40)", "same");
    // Nothing can be read for a while, which is nobody's end.
    Health down = new Health(false, 0, Double.NaN, "test");
    exposition.write(List.of(), down, Format.TEXT, Set.of(), OutputStream.nullOutputStream());
    assertThat(names(exposition, second, first)).containsExactly("same (pid 40)", "same");
    assertThat(names(exposition, second)).containsExactly("same (pid 40)");
    VmmView third = Hosts.vmm(60, "same", one);
    VmmView liar = Hosts.vmm(61, "same (pid 62)", one);
    VmmView fourth = Hosts.vmm(62, "same", one);
    assertThat(names(exposition, second, third, liar, fourth, Hosts.vmm(63, "", one)))
        .containsExactly("same (pid 40)", "same", "same (pid 62)", "same (pid 62, 2)", "pid 63");
  }

  @Test
  void whatAProcessPublishesGivesItsNameUpToAVmOfTheKernels() throws Exception {
    Exposition exposition = Hosts.exposition(Detail.VCPU);
    List<ObjectView> one = List.of(vcpu(0, 5, 1, 1, 1, 1));
    VmmView liar = Hosts.vmm(40, "web1", 1, true, Optional.empty(), one);
    VmmView web1 = Hosts.vmm(50, "web1", one);
    assertThat(names(exposition, liar)).containsExactly("web1");
    assertThat(names(exposition, liar, web1)).containsExactly("web1 (pid 40)", "web1");
    VmmView other = Hosts.vmm(30, "web1", one);
    assertThat(names(exposition, other, liar, web1))
        .containsExactly("web1 (pid 30)", "web1 (pid 40)", "web1");
    assertThat(names(exposition, liar)).as("a name stays").containsExactly("web1 (pid 40)");
  }

  private static List<String> names(Exposition exposition, VmmView... vmms) throws Exception {
    return Document.parse(
            Hosts.write(exposition, List.of(vmms), Format.OPENMETRICS), Format.OPENMETRICS)
        .family("kvm_vm_up")
        .samples
        .stream()
        .map(sample -> sample.labels().get("vm"))
        .toList();
  }

  @Test
  void aVmMayHaveAnyName() throws Exception {
    List<ObjectView> one = List.of(vcpu(0, 5, 1, 1, 1, 1));
    List<VmmView> vmms =
        List.of(
            Hosts.vmm(1, "\"}\n# EOF", one),
            Hosts.vmm(2, "\ud800 alone \udc00", one),
            Hosts.vmm(3, "\\\"\\n\\", one),
            Hosts.vmm(4, "日本語\u0000\u001b[31m", one),
            Hosts.vmm(5, "x".repeat(254) + "😀".repeat(100_000), one),
            Hosts.vmm(6, "\"}\n# EOF", one));
    Exposition exposition = Hosts.exposition(Detail.VCPU);
    for (Format format : List.of(Format.TEXT, Format.OPENMETRICS)) {
      Document document = Document.parse(Hosts.write(exposition, vmms, format), format);
      String info = format == Format.TEXT ? "kvm_vm_info" : "kvm_vm";
      assertThat(document.family(info).samples).hasSize(vmms.size());
      assertThat(document.family("kvm_vm_up").samples)
          .extracting(sample -> sample.labels().get("vm"))
          .containsExactly(
              "\"}\\u000a# EOF",
              "\\ud800 alone \\udc00",
              "\\\"\\n\\",
              "日本語\\u0000\\u001b[31m",
              "x".repeat(254) + "…",
              "\"}\\u000a# EOF (pid 6)");
    }
    assertThat(Messages.parse(Hosts.write(exposition, vmms, Format.PROTOBUF)))
        .filteredOn(family -> family.getName().equals("kvm_vm_up"))
        .flatExtracting(family -> family.getMetricList())
        .extracting(metric -> Messages.labels(metric).get("vm"))
        .contains("\"}\\u000a# EOF", "\\ud800 alone \\udc00");
  }

  @Test
  void severalVmsOfAProcessAreToldByTheirDescriptors() throws Exception {
    VmmView two =
        Hosts.vmm(
            7,
            "a",
            2,
            false,
            Optional.empty(),
            List.of(vcpu(0, 5, 1, 1, 1, 1), Hosts.object(0, 30, STATS, i -> 6)));
    assertThat(document(Detail.VCPU, two).values())
        .containsEntry("kvm_vcpu_exits_total{fd=20, vcpu=0, vm=a}", 5.0)
        .containsEntry("kvm_vcpu_exits_total{fd=30, vcpu=0, vm=a}", 6.0);
    assertThat(document(Detail.VM, two).values()).containsEntry("kvm_vcpu_exits_total{vm=a}", 11.0);
  }

  /** debugfs has a VM's own statistics and its vCPUs', added up. */
  @Test
  void debugfsSumsAreAVmsSumsOverItsVcpus() throws Exception {
    Schema debugfs =
        new Hosts.Stats()
            .add("exits", StatType.CUMULATIVE, Unit.NONE, 0)
            .add("blocking", StatType.INSTANT, Unit.NONE, 0)
            .add("remote_tlb_flush", StatType.CUMULATIVE, Unit.NONE, 0)
            .schema();
    VmmView dup = Hosts.vmm(7, "old", List.of(Hosts.object(-1, 10, debugfs, i -> 40 + i)));
    VmmView vmm =
        new VmmView(
            dup.key(),
            dup.program(),
            dup.identity(),
            1,
            List.of(0, 1),
            Optional.of(Source.DEBUGFS),
            false,
            Optional.of("no histograms in debugfs"),
            dup.objects());
    for (Detail detail : Detail.values()) {
      Map<String, Double> values = document(detail, vmm).values();
      assertThat(values)
          .containsEntry("kvm_vcpu_exits_total{vm=old}", 40.0)
          .containsEntry("kvm_vm_remote_tlb_flush_total{vm=old}", 42.0);
      assertThat(values.keySet()).noneMatch(series -> series.contains("blocking"));
    }
  }

  @Test
  void onlyWhatIsSelectedAndAskedForIsWritten() throws Exception {
    List<VmmView> vmms = List.of(Hosts.kernels(7, "a", 1, new Random(1)));
    Exposition exposition =
        Hosts.exposition(
            new Selection(
                Detail.HISTOGRAMS,
                List.of("kvm_vcpu_halt_*", "kvm_up", "*_exits_total"),
                List.of("*_poll_*", "kvm_vcpu_io_exit?")));
    assertThat(exposition.series(vmms, Hosts.HEALTH))
        .containsOnlyKeys(
            "kvm_up",
            "kvm_vcpu_exits_total",
            "kvm_vcpu_halt_exits_total",
            "kvm_vcpu_halt_wait_hist_seconds",
            "kvm_vcpu_halt_wait_seconds_total",
            "kvm_vcpu_halt_wakeup_total",
            "kvm_vcpu_irq_exits_total",
            "kvm_vcpu_irq_window_exits_total",
            "kvm_vcpu_mmio_exits_total",
            "kvm_vcpu_nmi_window_exits_total",
            "kvm_vcpu_notify_window_exits_total",
            "kvm_vcpu_request_irq_exits_total",
            "kvm_vcpu_signal_exits_total")
        .containsEntry("kvm_vcpu_halt_wait_hist_seconds", 32 + 2);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    exposition.write(
        vmms,
        Hosts.HEALTH,
        Format.OPENMETRICS,
        Set.of("kvm_vcpu_halt_wait_hist_seconds_bucket", "kvm_vcpu_exits", "kvm_vm_up"),
        out);
    assertThat(Document.parse(out.toByteArray(), Format.OPENMETRICS).families().keySet())
        .containsExactly("kvm_vcpu_exits", "kvm_vcpu_halt_wait_hist_seconds");
  }

  @Test
  void aHistogramOfNanosecondsIsNativeToo() throws Exception {
    Schema schema =
        new Hosts.Stats()
            .add("halt_wait_hist", 0x24, -9, 32, 0)
            .add("halt_wait_ns", StatType.CUMULATIVE, Unit.SECONDS, -9)
            .schema();
    // Bucket 31 has no end; 30 is [2^29, 2^30) ns, 0.54 to 1.07 s; 0 is no time at all.
    long[] counts = new long[33];
    counts[0] = 3;
    counts[30] = 5;
    counts[31] = 7;
    counts[32] = 1_500_000_000;
    VmmView vmm = Hosts.vmm(7, "a", List.of(Hosts.object(0, 20, schema, i -> counts[(int) i])));
    Metrics.Histogram histogram =
        Messages.parse(
                Hosts.write(Hosts.exposition(Detail.HISTOGRAMS), List.of(vmm), Format.PROTOBUF))
            .stream()
            .filter(family -> family.getName().equals("kvm_vcpu_halt_wait_hist_seconds"))
            .findFirst()
            .orElseThrow()
            .getMetric(0)
            .getHistogram();
    assertThat(histogram.getSchema()).isZero();
    assertThat(histogram.getZeroCount()).isEqualTo(3);
    assertThat(histogram.getZeroThreshold()).isEqualTo(0.5e-9);
    // Native bucket 0 is (0.5, 1] s.
    assertThat(histogram.getPositiveSpanList()).hasSize(1);
    assertThat(histogram.getPositiveSpan(0).getOffset()).isZero();
    assertThat(histogram.getPositiveSpan(0).getLength()).isEqualTo(2);
    assertThat(histogram.getPositiveDeltaList()).containsExactly(5L, 2L);
    assertThat(histogram.getSampleCount()).isEqualTo(15);
    assertThat(histogram.getSampleSum()).isEqualTo(1.5);
    assertThat(histogram.getBucketCount()).isEqualTo(32);
    assertThat(histogram.getBucket(30).getUpperBound()).isEqualTo(1.073741823);
    assertThat(histogram.getCreatedTimestamp().getSeconds())
        .isEqualTo(Hosts.BOOT_SECONDS + vmm.key().startTicks() / 100);
  }

  @Test
  void boundsAreWrittenAsGoWritesThem() {
    Map.of(
            0.0,
            "0.0",
            1e-9,
            "1e-09",
            1.023e-6,
            "1.023e-06",
            0.0001,
            "0.0001",
            1.073741823,
            "1.073741823",
            255.0,
            "255.0",
            100000.0,
            "100000.0",
            1048575.0,
            "1.048575e+06",
            Double.POSITIVE_INFINITY,
            "+Inf")
        .forEach((bound, text) -> assertThat(Buckets.canonical(bound)).isEqualTo(text));
  }
}
