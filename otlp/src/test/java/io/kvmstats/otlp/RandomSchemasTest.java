package io.kvmstats.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Whatever somebody publishes, what is sent is valid, and says the same. */
class RandomSchemasTest {
  private static final long SEED = Long.getLong("tests.seed", System.nanoTime());
  private static final int ROUNDS = 300;
  private static final int VCPUS = 3;

  private final List<Sample> samples = new ArrayList<>();
  private final List<Point> found = new ArrayList<>();

  /** A statistic's point that is there, or should be. */
  private record Point(String name, int vcpu) {}

  @Test
  void isValidAndSaysTheSame() throws InvalidProtocolBufferException {
    int points = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Random random = new Random(SEED + round);
      try {
        points += check(random);
      } catch (AssertionError e) {
        throw new AssertionError("round " + round + ", -Dtests.seed=" + SEED, e);
      }
    }
    assertThat(points).isGreaterThan(ROUNDS);
  }

  private int check(Random random) throws InvalidProtocolBufferException {
    Schema schema = schema(random);
    samples.clear();
    found.clear();
    List<ObjectView> vcpus = new ArrayList<>();
    for (int i = 0; i < VCPUS; i++) {
      samples.add(sample(schema, random));
      vcpus.add(Fakes.vcpu(i, samples.getLast()));
    }
    List<ExportMetricsServiceRequest> requests =
        Fakes.requests(
            Fakes.export(),
            1 + random.nextInt(5000),
            List.of(Fakes.vmm(Fakes.KEY, "a", vcpus.toArray(ObjectView[]::new))));

    List<Point> expected = new ArrayList<>();
    Set<String> names = new HashSet<>();
    List<Descriptor> stats = new ArrayList<>();
    List<String> theirNames = new ArrayList<>();
    for (Descriptor stat : schema.descriptors()) {
      if (isExpected(stat)) {
        String name = MetricIdentity.of(Scope.VCPU, stat).name();
        String free = name;
        for (int i = 2; !names.add(free); i++) {
          free = name + "_" + i;
        }
        stats.add(stat);
        theirNames.add(free);
        for (int i = 0; i < VCPUS; i++) {
          if (samples.get(i).has(stat) && isSayable(stat, samples.get(i))) {
            expected.add(new Point(free, i));
          }
        }
      }
    }
    for (ExportMetricsServiceRequest request : requests) {
      // Fields that OTLP does not have would be in what was parsed, and not in this.
      assertThat(
              DiscardUnknownFieldsParser.wrap(ExportMetricsServiceRequest.parser())
                  .parseFrom(request.toByteArray()))
          .isEqualTo(request);
      assertThat(request.getResourceMetricsList()).hasSize(1);
      for (Metric metric : Fakes.metrics(request.getResourceMetrics(0))) {
        assertThat(metric.getName()).matches("[a-z][a-z0-9_.]{0,254}");
        assertThat(theirNames).contains(metric.getName());
        check(metric, stats.get(theirNames.indexOf(metric.getName())));
      }
    }
    assertThat(found).containsExactlyInAnyOrderElementsOf(expected);
    return found.size();
  }

  private static Schema schema(Random random) {
    int count = 1 + random.nextInt(30);
    List<Descriptor> descriptors = new ArrayList<>();
    Set<String> names = new HashSet<>();
    long offset = 0;
    for (int i = 0; i < count; i++) {
      int flags =
          random.nextInt(4) == 0
              ? random.nextInt()
              : random.nextInt(5) | random.nextInt(5) << 4 | random.nextInt(2) << 8;
      boolean isHistogram = (flags & 0xf) == 3 || (flags & 0xf) == 4;
      int size = isHistogram || random.nextInt(8) == 0 ? 1 + random.nextInt(70) : 1;
      int exponent =
          switch (random.nextInt(3)) {
            case 0 -> 0;
            case 1 -> -9;
            default -> (short) random.nextInt() >> random.nextInt(16);
          };
      StringBuilder name = new StringBuilder();
      for (int letters = 1 + random.nextInt(3); letters > 0; letters--) {
        name.append(
            random.nextInt(3) == 0
                ? (char) (0x20 + random.nextInt(0x5f))
                : "aA_".charAt(random.nextInt(3)));
      }
      if (names.add(name.toString())) {
        long bucketSize = 1 + random.nextLong((1L << 32) - 1);
        descriptors.add(new Descriptor(name.toString(), flags, exponent, size, offset, bucketSize));
        offset = descriptors.getLast().end();
      }
    }
    return new Schema(descriptors);
  }

  /** Often short: what is behind its end was not read. */
  private static Sample sample(Schema schema, Random random) {
    int all = (int) schema.dataBytes() / Long.BYTES;
    long[] values = new long[Math.max(0, all - random.nextInt(2) * random.nextInt(3))];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextLong() >>> random.nextInt(64);
    }
    return Fakes.sample(schema, random.nextInt(1000), values);
  }

  /** {@return whether there is a way to say it} */
  private static boolean isExpected(Descriptor stat) {
    if (!stat.type().isHistogram()) {
      return stat.size() == 1;
    }
    return !isScaled(stat) || stat.base() == Base.POW10 || Math.abs(stat.exponent()) <= 900;
  }

  private static boolean isSayable(Descriptor stat, Sample sample) {
    if (stat.type().isHistogram()) {
      return total(stat, sample).bitLength() <= Long.SIZE;
    }
    double value = value(stat, sample).doubleValue();
    return sample.value(stat) == 0 || value != 0 && Double.isFinite(value);
  }

  private static BigInteger total(Descriptor stat, Sample sample) {
    BigInteger total = BigInteger.ZERO;
    for (int i = 0; i < stat.size(); i++) {
      total = total.add(unsigned(sample.value(stat, i)));
    }
    return total;
  }

  private static BigInteger unsigned(long value) {
    return new BigInteger(Long.toUnsignedString(value));
  }

  private static boolean isScaled(Descriptor stat) {
    return stat.unit() != Unit.UNKNOWN
        && stat.unit() != Unit.BOOLEAN
        && stat.base() != Base.UNKNOWN;
  }

  private static BigDecimal value(Descriptor stat, Sample sample) {
    BigDecimal raw = new BigDecimal(unsigned(sample.value(stat)));
    if (!isScaled(stat)) {
      return raw;
    }
    BigDecimal power = BigDecimal.valueOf(stat.base().radix()).pow(Math.abs(stat.exponent()));
    return stat.exponent() < 0 ? raw.divide(power, new MathContext(40)) : raw.multiply(power);
  }

  private Sample found(Metric metric, List<KeyValue> attributes) {
    int vcpu = (int) attributes.getFirst().getValue().getIntValue();
    found.add(new Point(metric.getName(), vcpu));
    return samples.get(vcpu);
  }

  private void check(Metric metric, Descriptor stat) {
    switch (metric.getDataCase()) {
      case SUM -> {
        assertThat(stat.type()).isEqualTo(StatType.CUMULATIVE);
        metric
            .getSum()
            .getDataPointsList()
            .forEach(point -> check(point, stat, found(metric, point.getAttributesList())));
      }
      case GAUGE -> {
        assertThat(stat.type().isCumulative()).isFalse();
        metric
            .getGauge()
            .getDataPointsList()
            .forEach(point -> check(point, stat, found(metric, point.getAttributesList())));
      }
      case HISTOGRAM ->
          metric
              .getHistogram()
              .getDataPointsList()
              .forEach(point -> check(point, stat, found(metric, point.getAttributesList())));
      case EXPONENTIAL_HISTOGRAM ->
          metric
              .getExponentialHistogram()
              .getDataPointsList()
              .forEach(point -> check(point, stat, found(metric, point.getAttributesList())));
      default -> throw new AssertionError(metric);
    }
  }

  private static void check(NumberDataPoint point, Descriptor stat, Sample sample) {
    BigDecimal value = value(stat, sample);
    if (point.hasAsInt()) {
      assertThat(BigDecimal.valueOf(point.getAsInt())).isEqualByComparingTo(value);
    } else {
      double nearest = value.doubleValue();
      assertThat(point.getAsDouble()).isBetween(Math.nextDown(nearest), Math.nextUp(nearest));
    }
  }

  private static void check(HistogramDataPoint point, Descriptor stat, Sample sample) {
    assertThat(point.getCount()).isEqualTo(total(stat, sample).longValue());
    assertThat(point.getBucketCountsCount()).isEqualTo(stat.size());
    assertThat(point.getExplicitBoundsCount()).isEqualTo(stat.size() - 1);
    for (int i = 0; i < stat.size(); i++) {
      assertThat(point.getBucketCounts(i)).isEqualTo(sample.value(stat, i));
    }
    double before = -1;
    for (double bound : point.getExplicitBoundsList()) {
      assertThat(bound).isFinite().isGreaterThan(before);
      before = bound;
    }
  }

  private static void check(ExponentialHistogramDataPoint point, Descriptor stat, Sample sample) {
    assertThat(point.getCount()).isEqualTo(total(stat, sample).longValue());
    assertThat(point.getZeroCount()).isEqualTo(sample.value(stat, 0));
    long sum = point.getZeroCount();
    for (long count : point.getPositive().getBucketCountsList()) {
      sum += count;
    }
    assertThat(sum).isEqualTo(point.getCount());
    for (int i = 1; i < Math.min(stat.size(), 64); i++) {
      assertThat(point.getPositive().getBucketCounts(i - 1)).isEqualTo(sample.value(stat, i));
    }
  }
}
