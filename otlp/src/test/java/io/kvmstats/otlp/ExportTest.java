package io.kvmstats.otlp;

import static io.kvmstats.otlp.Fakes.*;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.acquire.Source;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.discover.Vmm;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.metrics.v1.AggregationTemporality;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.metrics.v1.ResourceMetrics;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is written of VMs, as OpenTelemetry's own classes read it. */
class ExportTest {
  private static final Schema EXITS = new Schema(List.of(counter("exits", 0)));

  private static Map<String, String> attributes(List<KeyValue> attributes) {
    return attributes.stream()
        .collect(
            toMap(
                KeyValue::getKey,
                it ->
                    it.getValue().hasStringValue()
                        ? it.getValue().getStringValue()
                        : Long.toString(it.getValue().getIntValue())));
  }

  private static long start(Export export, long seconds, long exits) {
    List<Metric> metrics =
        metrics(export, vmm(KEY, "a", vcpu(0, sample(EXITS, seconds * 1_000_000_000, exits))));
    return metrics.getFirst().getSum().getDataPoints(0).getStartTimeUnixNano();
  }

  @Test
  void aVmHasAResourceAndItsVcpusPointsHaveTheirNumber() {
    ResourceMetrics resource =
        requests(
                export(),
                Requests.BYTES_MAX,
                List.of(
                    vmm(
                        KEY,
                        "db \u0000\ud800\"}\n# EOF",
                        vcpu(0, sample(EXITS, 4_000_000_000L, 7)),
                        vcpu(1, sample(EXITS, 4_500_000_000L, 8)))))
            .getFirst()
            .getResourceMetrics(0);

    assertThat(attributes(resource.getResource().getAttributesList()))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "service.name", "kvmstats",
                "service.instance.id", "host-1/4711/2500",
                "host.name", "host-1",
                "process.pid", "4711",
                "process.executable.name", "qemu-system-x86_64",
                "kvm.vm.name", "db \u0000?\"}\n# EOF"));
    assertThat(resource.getScopeMetrics(0).getScope().getName()).isEqualTo("io.kvmstats");
    assertThat(resource.getScopeMetrics(0).getScope().getVersion()).isEqualTo("1.2");
    Metric exits = metrics(resource).getFirst();
    assertThat(exits.getName()).isEqualTo("kvm.vcpu.exits");
    assertThat(exits.getUnit()).isEqualTo("{count}");
    assertThat(exits.getDescription()).isNotEmpty();
    assertThat(exits.getSum().getIsMonotonic()).isTrue();
    assertThat(exits.getSum().getAggregationTemporality())
        .isEqualTo(AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE);
    NumberDataPoint point = exits.getSum().getDataPoints(1);
    assertThat(attributes(point.getAttributesList())).isEqualTo(Map.of("kvm.vcpu.id", "1"));
    assertThat(point.getAsInt()).isEqualTo(8);
    assertThat(point.getTimeUnixNano()).isEqualTo(1_700_000_099_500_000_000L);
    assertThat(point.getStartTimeUnixNano()).isEqualTo(START_NANOS);
  }

  @Test
  void eachKindOfStatisticIsWhatOtlpHasForIt() {
    Schema schema =
        new Schema(
            List.of(
                stat("wait_ns", StatType.CUMULATIVE, Unit.SECONDS, -9, 1, 0),
                stat("pages_4k", StatType.INSTANT, Unit.NONE, 0, 1, 8),
                stat("max_depth", StatType.PEAK, Unit.BYTES, 3, 1, 16),
                stat("guest_mode", StatType.INSTANT, Unit.BOOLEAN, 0, 1, 24),
                stat("far", StatType.CUMULATIVE, Unit.NONE, 0, 1, 32),
                stat("halt_wait_hist", StatType.LOG_HISTOGRAM, Unit.SECONDS, -9, 4, 40),
                stat("halt_wait_ns", StatType.CUMULATIVE, Unit.SECONDS, -9, 1, 72),
                stat("depths", StatType.LINEAR_HISTOGRAM, Unit.NONE, 0, 3, 80),
                counter("not_read", 104)));
    long[] values = {1_500_000_001, 3, 4, 1, -1, 5, 6, 7, 8, 99, 1, 2, 3};
    Map<String, Metric> metrics =
        metrics(export(), vmm(KEY, "a", vcpu(0, sample(schema, 0, values)))).stream()
            .collect(toMap(Metric::getName, metric -> metric));

    assertThat(metrics).doesNotContainKey("kvm.vcpu.not_read").hasSize(8);
    Metric time = metrics.get("kvm.vcpu.wait.time");
    assertThat(time.getUnit()).isEqualTo("s");
    assertThat(time.getSum().getDataPoints(0).getAsDouble()).isEqualTo(1.500000001);
    NumberDataPoint pages = metrics.get("kvm.vcpu.pages_4k").getGauge().getDataPoints(0);
    assertThat(pages.getAsInt()).isEqualTo(3);
    assertThat(pages.getStartTimeUnixNano()).isZero();
    Metric peak = metrics.get("kvm.vcpu.max_depth");
    assertThat(peak.getUnit()).isEqualTo("By");
    assertThat(peak.getGauge().getDataPoints(0).getAsDouble()).isEqualTo(4000);
    assertThat(metrics.get("kvm.vcpu.guest_mode").getUnit()).isEqualTo("1");
    assertThat(metrics.get("kvm.vcpu.far").getSum().getDataPoints(0).getAsDouble())
        .isEqualTo(0x1p64);

    Metric halts = metrics.get("kvm.vcpu.halt_wait.duration");
    assertThat(halts.getUnit()).isEqualTo("ns");
    ExponentialHistogramDataPoint halt = halts.getExponentialHistogram().getDataPoints(0);
    assertThat(halt.getScale()).isZero();
    assertThat(halt.getZeroCount()).isEqualTo(5);
    assertThat(halt.getPositive().getOffset()).isZero();
    assertThat(halt.getPositive().getBucketCountsList()).containsExactly(6L, 7L, 8L);
    assertThat(halt.getCount()).isEqualTo(26);
    assertThat(halt.getSum()).isEqualTo(99);
    assertThat(halt.hasMin() || halt.hasMax()).isFalse();

    HistogramDataPoint depth = metrics.get("kvm.vcpu.depths").getHistogram().getDataPoints(0);
    assertThat(depth.getExplicitBoundsList()).containsExactly(9.0, 19.0);
    assertThat(depth.getBucketCountsList()).containsExactly(1L, 2L, 3L);
    assertThat(depth.hasSum()).isFalse();
    assertThat(attributes(depth.getAttributesList())).isEqualTo(Map.of("kvm.vcpu.id", "0"));
    assertThat(attributes(halt.getAttributesList())).isEqualTo(Map.of("kvm.vcpu.id", "0"));
  }

  @Test
  void whatWasSetBackCountsSinceItsLastPoint() {
    Export export = export();
    assertThat(start(export, 1, 100)).isEqualTo(START_NANOS);
    assertThat(start(export, 2, 100)).isEqualTo(START_NANOS);
    long second = TIMES.epochNanos(2_000_000_000L);
    assertThat(start(export, 3, 5)).isEqualTo(second);
    assertThat(start(export, 4, 500)).isEqualTo(second);
    assertThat(start(export, 5, 499)).isEqualTo(TIMES.epochNanos(4_000_000_000L));
  }

  @Test
  void aRequestThatWasGivenUpHidesNoReset() {
    Export export = export();
    assertThat(start(export, 1, 100)).isEqualTo(START_NANOS);
    VmmView reset = vmm(KEY, "a", vcpu(0, sample(EXITS, 2_000_000_000L, 5)));
    export.write(List.of(reset, reset), TIMES, new Requests("1", 1, _ -> false));
    assertThat(start(export, 3, 7)).isGreaterThan(START_NANOS);
  }

  @Test
  void aStartInTheFutureIsNotSaid() {
    var late = new Vmm.Key(1, 1_000_000_000);
    List<Metric> metrics = metrics(export(), vmm(late, "a", vcpu(0, sample(EXITS, 0, 1))));
    assertThat(metrics.getFirst().getSum().getDataPoints(0).getStartTimeUnixNano()).isZero();
  }

  @Test
  void noTwoStatisticsOfAVmHaveOneName() {
    Schema schema =
        new Schema(
            List.of(
                counter("a", 0),
                counter("A", 8),
                counter("a_total", 16),
                stat("a_", StatType.INSTANT, Unit.NONE, 0, 1, 24),
                counter("a-", 32),
                counter("x".repeat(900), 40),
                counter("x".repeat(901), 48)));
    Schema other = new Schema(List.of(stat("a", StatType.INSTANT, Unit.BYTES, 0, 1, 0)));
    List<Metric> metrics =
        metrics(
            export(),
            vmm(
                KEY,
                "a",
                vcpu(0, sample(schema, 0, 1, 2, 3, 4, 5, 6, 7)),
                vcpu(1, sample(other, 0, 8)),
                vcpu(2, sample(EXITS, 0, 9))));
    String x = "kvm.vcpu." + "x".repeat(200);
    assertThat(metrics)
        .extracting(Metric::getName)
        .containsExactly(
            "kvm.vcpu.a",
            "kvm.vcpu.a_2",
            "kvm.vcpu.a_3",
            "kvm.vcpu.a_",
            "kvm.vcpu.a__2",
            x,
            x + "_2",
            "kvm.vcpu.a_4",
            "kvm.vcpu.exits");
  }

  /** As many as a file may have, whose names all have the same beginning: seconds, not minutes. */
  @Test
  @Timeout(20)
  void thousandsOfOneNameAreNumbered() {
    String same = "x".repeat(300);
    Schema schema =
        new Schema(
            IntStream.range(0, 4096).mapToObj(i -> counter(same + i, i * Long.BYTES)).toList());
    Export export = export();
    Sample sample = sample(schema, 0, new long[4096]);
    for (int i = 0; i < 20; i++) {
      assertThat(metrics(export, vmm(KEY, "a", vcpu(0, sample))))
          .extracting(Metric::getName)
          .doesNotHaveDuplicates()
          .hasSize(4096);
    }
  }

  @Test
  void objectsOfOneNumberAreToldApart() {
    List<Metric> metrics =
        metrics(
            export(),
            vmm(
                KEY,
                "a",
                Source.DUP,
                2,
                object(0, 20, sample(EXITS, 0, 1)),
                object(0, 21, sample(EXITS, 0, 2))));
    assertThat(metrics.getFirst().getSum().getDataPointsList())
        .extracting(point -> attributes(point.getAttributesList()))
        .containsExactly(
            Map.of("kvm.vcpu.id", "0", "kvm.fd", "20"), Map.of("kvm.vcpu.id", "0", "kvm.fd", "21"));
  }

  /** debugfs has the sums of all vCPUs' statistics, as the VM's. */
  @Test
  void sumsOverVcpusAreVcpusMetricsOfNoVcpu() {
    Schema schema =
        new Schema(
            List.of(
                counter("exits", 0),
                stat("guest_mode", StatType.INSTANT, Unit.BOOLEAN, 0, 1, 8),
                counter("remote_tlb_flush", 16)));
    List<Metric> metrics =
        metrics(export(), vmm(KEY, "a", Source.DEBUGFS, 1, vm(sample(schema, 0, 1, 2, 3))));
    assertThat(metrics)
        .extracting(Metric::getName)
        .containsExactly("kvm.vcpu.exits", "kvm.vm.remote_tlb_flush");
    assertThat(metrics.getFirst().getSum().getDataPoints(0).getAttributesList()).isEmpty();
  }

  @Test
  void whatIsTooLongForOneRequestIsInSeveral() {
    VmmView large =
        vmm(
            KEY,
            "a",
            IntStream.range(0, 1000)
                .mapToObj(i -> vcpu(i, sample(EXITS, 0, i)))
                .toArray(ObjectView[]::new));
    VmmView small = vmm(new Vmm.Key(2, 2), "b", vcpu(0, sample(EXITS, 0, 1)));
    int bytesMax = 4000;
    var requests = requests(export(), bytesMax, List.of(large, small));

    assertThat(requests).hasSizeBetween(10, 50);
    Set<String> seen = new HashSet<>();
    for (var request : requests) {
      assertThat(request.getSerializedSize()).isLessThanOrEqualTo(bytesMax);
      for (ResourceMetrics resource : request.getResourceMetricsList()) {
        String name = attributes(resource.getResource().getAttributesList()).get("kvm.vm.name");
        for (Metric metric : metrics(resource)) {
          assertThat(metric.getName()).isEqualTo("kvm.vcpu.exits");
          assertThat(metric.getSum().getIsMonotonic()).isTrue();
          for (NumberDataPoint point : metric.getSum().getDataPointsList()) {
            assertThat(seen.add(name + attributes(point.getAttributesList()))).isTrue();
          }
        }
      }
    }
    assertThat(seen).hasSize(1001);
  }
}
