package io.kvmstats.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.exporter.internal.otlp.metrics.MetricsRequestMarshaler;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.Aggregation;
import io.opentelemetry.sdk.metrics.Base2ExponentialHistogramOptions;
import io.opentelemetry.sdk.metrics.InstrumentSelector;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.View;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.export.CollectionRegistration;
import io.opentelemetry.sdk.metrics.export.MetricReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The same numbers, written by OpenTelemetry's SDK and by us, are the same metrics. */
class SdkTest {
  private static final long SEED = Long.getLong("tests.seed", System.nanoTime());
  private static final int BUCKETS = 40;
  private static final int WIDTH = 10;
  private static final Attributes VCPU = Attributes.builder().put("kvm.vcpu.id", 3).build();

  private static final Schema SCHEMA =
      new Schema(
          List.of(
              Fakes.counter("exits", 0),
              Fakes.stat("halt_wait_ns", StatType.CUMULATIVE, Unit.SECONDS, -9, 1, 8),
              Fakes.stat("blocking", StatType.INSTANT, Unit.BOOLEAN, 0, 1, 16),
              Fakes.stat("halt_wait_hist", StatType.LOG_HISTOGRAM, Unit.SECONDS, -9, BUCKETS, 24),
              Fakes.stat(
                  "depths",
                  StatType.LINEAR_HISTOGRAM,
                  Unit.NONE,
                  0,
                  5,
                  24 + BUCKETS * Long.BYTES)));

  /** Asked when a test wants to know. */
  private static final class Reader implements MetricReader {
    private CollectionRegistration metrics = CollectionRegistration.noop();

    @Override
    public void register(CollectionRegistration registration) {
      metrics = registration;
    }

    List<Metric> read() throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      MetricsRequestMarshaler.create(metrics.collectAllMetrics()).writeBinaryTo(bytes);
      return Fakes.metrics(Fakes.parse(bytes.toByteArray()).getResourceMetrics(0));
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType type) {
      return AggregationTemporality.CUMULATIVE;
    }

    @Override
    public CompletableResultCode forceFlush() {
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
      return CompletableResultCode.ofSuccess();
    }
  }

  private final Reader reader = new Reader();
  private final Meter meter =
      SdkMeterProvider.builder()
          .registerMetricReader(reader)
          .registerView(
              InstrumentSelector.builder().setName("*.duration").build(),
              View.builder()
                  .setAggregation(
                      Aggregation.base2ExponentialBucketHistogram(
                          Base2ExponentialHistogramOptions.builder().setMaxScale(0).build()))
                  .build())
          .build()
          .get("io.kvmstats");
  private final long[] values = new long[(int) SCHEMA.dataBytes() / Long.BYTES];

  private static String meaning(String stat) {
    return new Plans()
        .of(new Plans.Of(SCHEMA, Scope.VCPU, false)).stream()
            .filter(column -> column.stat().name().equals(stat))
            .findFirst()
            .orElseThrow()
            .description();
  }

  private static Descriptor stat(String name) {
    return SCHEMA.find(name).orElseThrow();
  }

  private static int index(String name) {
    return (int) stat(name).offset() / Long.BYTES;
  }

  /** As KVM does it (kvm_stats_log_hist_update, kvm_stats_linear_hist_update). */
  private void count(String histogram, long value) {
    int bucket =
        stat(histogram).type() == StatType.LOG_HISTOGRAM
            ? Long.SIZE - Long.numberOfLeadingZeros(value)
            : (int) value / WIDTH;
    values[index(histogram) + Math.min(bucket, stat(histogram).size() - 1)]++;
  }

  private LongHistogram durations() {
    return meter
        .histogramBuilder("kvm.vcpu.halt_wait.duration")
        .ofLongs()
        .setDescription(meaning("halt_wait_hist"))
        .setUnit("ns")
        .build();
  }

  private List<Metric> ours() {
    return Fakes.metrics(
        Fakes.export(), Fakes.vmm(Fakes.KEY, "a", Fakes.vcpu(3, Fakes.sample(SCHEMA, 0, values))));
  }

  @Test
  void isTheSameAsTheSdks() throws IOException {
    Random random = new Random(SEED);
    values[index("exits")] = random.nextLong() >>> 1;
    meter
        .counterBuilder("kvm.vcpu.exits")
        .setDescription(meaning("exits"))
        .setUnit("{count}")
        .buildWithCallback(it -> it.record(values[index("exits")], VCPU));
    meter
        .counterBuilder("kvm.vcpu.halt_wait.time")
        .ofDoubles()
        .setDescription(meaning("halt_wait_ns"))
        .setUnit("s")
        .buildWithCallback(it -> it.record(values[index("halt_wait_ns")] / 1e9, VCPU));
    values[index("blocking")] = 1;
    meter
        .gaugeBuilder("kvm.vcpu.blocking")
        .ofLongs()
        .setDescription(meaning("blocking"))
        .setUnit("1")
        .buildWithCallback(it -> it.record(1, VCPU));
    LongHistogram durations = durations();
    LongHistogram depths =
        meter
            .histogramBuilder("kvm.vcpu.depths")
            .ofLongs()
            .setUnit("{count}")
            .setExplicitBucketBoundariesAdvice(List.of(9L, 19L, 29L, 39L))
            .build();
    for (int i = 0; i < 1000; i++) {
      long duration = random.nextLong(1L << random.nextInt(1, BUCKETS - 1));
      // What is a power of two is in another bucket: see below.
      if (Long.bitCount(duration) != 1) {
        durations.record(duration, VCPU);
        count("halt_wait_hist", duration);
        values[index("halt_wait_ns")] += duration;
      }
      long depth = random.nextInt(60);
      depths.record(depth, VCPU);
      count("depths", depth);
    }
    assertThat(ours().stream().map(SdkTest::comparable))
        .as("-Dtests.seed=%d", SEED)
        .containsExactlyInAnyOrderElementsOf(
            reader.read().stream().map(SdkTest::comparable).toList());
  }

  /** OTLP's bucket has its upper bound in it, KVM's its lower one. */
  @Test
  void aPowerOfTwoIsOneBucketHigherThanTheSdks() throws IOException {
    durations().record(8, VCPU);
    count("halt_wait_hist", 8);
    ExponentialHistogramDataPoint sdks =
        reader.read().getFirst().getExponentialHistogram().getDataPoints(0);
    assertThat(sdks.getPositive().getOffset()).isEqualTo(2); // (4, 8]
    ExponentialHistogramDataPoint ours =
        ours().stream()
            .filter(Metric::hasExponentialHistogram)
            .findFirst()
            .orElseThrow()
            .getExponentialHistogram()
            .getDataPoints(0);
    assertThat(ours.getPositive().getOffset()).isZero();
    assertThat(ours.getPositive().getBucketCounts(3)).isEqualTo(1); // (8, 16]
  }

  /** Without times, which differ, what KVM does not have, and buckets in which nothing is. */
  private static Metric comparable(Metric metric) {
    Metric.Builder copy = metric.toBuilder();
    switch (metric.getDataCase()) {
      case SUM -> copy.getSumBuilder().getDataPointsBuilderList().forEach(SdkTest::timeless);
      case GAUGE -> copy.getGaugeBuilder().getDataPointsBuilderList().forEach(SdkTest::timeless);
      case HISTOGRAM -> {
        // KVM counts no sum of it.
        for (HistogramDataPoint.Builder point :
            copy.getHistogramBuilder().getDataPointsBuilderList()) {
          point.clearTimeUnixNano().clearStartTimeUnixNano().clearMin().clearMax().clearSum();
        }
      }
      case EXPONENTIAL_HISTOGRAM -> {
        for (ExponentialHistogramDataPoint.Builder point :
            copy.getExponentialHistogramBuilder().getDataPointsBuilderList()) {
          point.clearTimeUnixNano().clearStartTimeUnixNano().clearMin().clearMax();
          TreeMap<Integer, Long> counts = new TreeMap<>();
          for (int i = 0; i < point.getPositive().getBucketCountsCount(); i++) {
            if (point.getPositive().getBucketCounts(i) != 0) {
              counts.put(
                  point.getPositive().getOffset() + i, point.getPositive().getBucketCounts(i));
            }
          }
          List<Long> all = new ArrayList<>();
          for (int i = counts.firstKey(); i <= counts.lastKey(); i++) {
            all.add(counts.getOrDefault(i, 0L));
          }
          point
              .getPositiveBuilder()
              .setOffset(counts.firstKey())
              .clearBucketCounts()
              .addAllBucketCounts(all);
          assertThat(point.getNegative().getBucketCountsList()).isEmpty();
          point.clearNegative();
        }
      }
      default -> throw new AssertionError(metric);
    }
    return copy.build();
  }

  private static void timeless(NumberDataPoint.Builder point) {
    point.clearTimeUnixNano().clearStartTimeUnixNano();
  }
}
