package io.kvmstats.otlp;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Scale;
import io.kvmstats.core.model.Unsigned;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A statistic of a schema, and how its points are written.
 *
 * <p>An exponential histogram of scale 0 has buckets (2^i, 2^(i+1)]. KVM's are [2^i, 2^(i+1)) of
 * raw numbers: the same but for the powers of two themselves, which are one bucket higher. The last
 * one has no end, and stands where it would have one.
 *
 * @param stat where its values are
 * @param metric what its metric is called, as long as the name is free
 * @param description for people; empty when nobody knows it
 * @param sum of a histogram: what its samples add up to, in the same unit; null when unknown
 */
record Column(
    Descriptor stat, MetricIdentity metric, String description, @Nullable Descriptor sum) {
  private static final int START = 2;
  private static final int TIME = 3;

  private static final int AS_DOUBLE = 4;
  private static final int AS_INT = 6;

  private static final int COUNT = 4;
  private static final int SUM = 5;
  private static final int BUCKET_COUNTS = 6;
  private static final int EXPLICIT_BOUNDS = 7;

  private static final int SCALE = 6;
  private static final int ZERO_COUNT = 7;
  private static final int POSITIVE = 8;
  private static final int OFFSET = 1;
  private static final int COUNTS = 2;

  /** Exponents of two within which every bound is a double. */
  private static final int SHIFT_MAX = 900;

  /** {@return whether OTLP has a way to say such a statistic} */
  static boolean fits(Descriptor stat) {
    return stat.type().isHistogram() ? Math.abs(shift(stat)) <= SHIFT_MAX : stat.size() == 1;
  }

  /** {@return by which power of two a histogram's raw bounds are multiplied to be in its unit} */
  private static int shift(Descriptor histogram) {
    Scale scale = Scale.of(histogram);
    return scale.radix() == 2 ? scale.exponent() : 0;
  }

  /** {@return the statistic, and what else goes into its points} */
  private List<Descriptor> parts(Sample sample) {
    return sum != null && sample.has(sum) ? List.of(stat, sum) : List.of(stat);
  }

  /**
   * {@return the point of a sample; null when the value was not read, or no number that can be
   * said}
   *
   * @param timeNanos when the sample was taken, in ns since 1970
   */
  @Nullable Protobuf point(Sample sample, long timeNanos, History history) {
    if (!sample.has(stat)) {
      return null;
    }
    Protobuf point = new Protobuf();
    if (stat.type().isCumulative()) {
      long start = history.start(sample, timeNanos, parts(sample));
      if (start > 0) {
        point.fixed(START, start);
      }
    }
    point.fixed(TIME, timeNanos);
    boolean isSaid =
        stat.type().isHistogram() ? histogram(point, sample) : number(point, sample.value(stat));
    return isSaid ? point : null;
  }

  private boolean number(Protobuf point, long raw) {
    Scale scale = Scale.of(stat);
    if (scale.exponent() == 0 && raw >= 0) {
      point.fixed(AS_INT, raw);
      return true;
    }
    double value = scale.toDouble(raw);
    point.real(AS_DOUBLE, value);
    return Double.isFinite(value) && (value != 0 || raw == 0);
  }

  private boolean histogram(Protobuf point, Sample sample) {
    long[] counts = new long[stat.size()];
    long total = 0;
    for (int i = 0; i < counts.length; i++) {
      counts[i] = sample.value(stat, i);
      total += counts[i];
      if (Long.compareUnsigned(total, counts[i]) < 0) {
        return false; // More than KVM could have counted.
      }
    }
    point.fixed(COUNT, total);
    if (sum != null && sample.has(sum)) {
      point.real(SUM, Math.scalb(Unsigned.toDouble(sample.value(sum)), shift(stat)));
    }
    if (metric.kind() == Kind.EXPONENTIAL_HISTOGRAM) {
      exponential(point, counts);
    } else {
      explicit(point, counts);
    }
    return true;
  }

  private void exponential(Protobuf point, long[] counts) {
    // No u64 can fall into buckets behind the 64th: what somebody counts there is in that one.
    long[] positive = new long[Math.min(counts.length - 1, Long.SIZE)];
    for (int i = 1; i < counts.length; i++) {
      positive[Math.min(i, positive.length) - 1] += counts[i];
    }
    point.signed(SCALE, 0);
    point.fixed(ZERO_COUNT, counts[0]);
    point.message(POSITIVE, new Protobuf().signed(OFFSET, shift(stat)).varints(COUNTS, positive));
  }

  private void explicit(Protobuf point, long[] counts) {
    double[] bounds = new double[counts.length - 1];
    for (int i = 0; i < bounds.length; i++) {
      // Inclusive, and what is counted are whole numbers.
      bounds[i] = Math.scalb((double) (stat.bucketFrom(i + 1) - 1), shift(stat));
    }
    point.fixed(BUCKET_COUNTS, counts);
    point.reals(EXPLICIT_BOUNDS, bounds);
  }
}
