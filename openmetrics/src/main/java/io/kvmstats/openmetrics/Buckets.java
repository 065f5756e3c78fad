package io.kvmstats.openmetrics;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Scale;
import io.kvmstats.core.model.StatType;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * The buckets of a histogram, as KVM counts them and as they are exported.
 *
 * <p>KVM's are [from, to) of raw units, and what it counts are whole numbers: so the inclusive
 * bound that a classic bucket has, {@code le}, is exactly (to - 1) raw units.
 *
 * <p>A native histogram of schema 0 has buckets (2^(i-1), 2^i] of the unit. A log histogram's are
 * [2^(n-1), 2^n) raw units: where these are seconds by a power of two, they are the same but for
 * the bounds themselves, which fall one bucket higher. Where they are nanoseconds, 2^30 of which
 * are 1.074 s, all bounds of a native bucket are 7 % lower than those of the one that KVM counted
 * in: each of KVM's buckets goes to the one that it overlaps most. The last one, which has no end,
 * goes to the one that would follow, and what took no time at all is in the bucket of zero.
 */
final class Buckets {
  /** A double's exponents, as the bounds of native buckets. */
  private static final int INDEX_MAX = 1023;

  private static final int INDEX_MIN = -1021;

  private static final double LOG2_OF_10 = Math.log(10) / Math.log(2);

  private final int size;
  private final int[] lasts;
  private final double[] bounds;
  private final byte[][] texts;
  private final boolean isNative;
  private final int shift;
  private final double zeroThreshold;

  Buckets(Descriptor histogram) {
    this.size = histogram.size();
    Scale scale = Scale.of(histogram);
    // Bounds that are the same double are the same bucket.
    List<Integer> ends = new ArrayList<>();
    List<Double> distinct = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      double bound =
          i == size - 1 ? Double.POSITIVE_INFINITY : scale.toDouble(largest(histogram, i));
      if (!distinct.isEmpty() && distinct.getLast() == bound) {
        ends.set(ends.size() - 1, i);
      } else {
        ends.add(i);
        distinct.add(bound);
      }
    }
    this.lasts = ends.stream().mapToInt(i -> i).toArray();
    this.bounds = distinct.stream().mapToDouble(bound -> bound).toArray();
    this.texts = distinct.stream().map(Buckets::canonical).map(Bytes::of).toArray(byte[][]::new);
    double log2 = scale.exponent() * (scale.radix() == 2 ? 1 : LOG2_OF_10);
    this.shift = (int) Math.round(log2);
    this.isNative =
        histogram.type() == StatType.LOG_HISTOGRAM
            && shift >= INDEX_MIN
            && shift + size - 1 <= INDEX_MAX;
    this.zeroThreshold = scale.toDouble(1) / 2;
  }

  /** {@return the largest raw value that a bucket counts, unsigned} */
  private static long largest(Descriptor histogram, int index) {
    // Of a log histogram's bucket 64 it is 2^64 - 1; no u64 can fall into the ones behind.
    return histogram.type() == StatType.LOG_HISTOGRAM && index >= Long.SIZE
        ? -1
        : histogram.bucketFrom(index + 1) - 1;
  }

  /**
   * {@return a number as all agree to write it in a label, which is a text to them: as Go writes it
   * with {@code %g}, and a point in it}
   */
  static String canonical(double bound) {
    if (Double.isInfinite(bound)) {
      return "+Inf";
    }
    if (bound == 0) {
      return "0.0";
    }
    BigDecimal decimal = new BigDecimal(Double.toString(bound)).stripTrailingZeros();
    String digits = decimal.unscaledValue().toString();
    int exponent = digits.length() - 1 - decimal.scale();
    if (exponent >= -4 && exponent < 6) {
      String plain = decimal.toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    int magnitude = Math.abs(exponent);
    return mantissa
        + "e"
        + (exponent < 0 ? "-" : "+")
        + (magnitude < 10 ? "0" + magnitude : magnitude);
  }

  /** {@return how many KVM has} */
  int size() {
    return size;
  }

  /** {@return how many are exported, the one up to infinity last} */
  int classic() {
    return bounds.length;
  }

  /** {@return an exported bucket's inclusive bound} */
  double bound(int index) {
    return bounds[index];
  }

  /** {@return the same, for its label} */
  byte[] text(int index) {
    return texts[index];
  }

  /** {@return the last of KVM's buckets that is in an exported one} */
  int last(int index) {
    return lasts[index];
  }

  /** {@return whether it has a native form} */
  boolean isNative() {
    return isNative;
  }

  /** {@return the native bucket's index less KVM's, which is 1 or more} */
  int shift() {
    return shift;
  }

  /** {@return up to where a native histogram's values count as 0: half a raw unit} */
  double zeroThreshold() {
    return zeroThreshold;
  }
}
