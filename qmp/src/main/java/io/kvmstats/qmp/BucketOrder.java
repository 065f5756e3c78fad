package io.kvmstats.qmp;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Unsigned;
import java.util.List;
import java.util.Optional;

/**
 * In which order a QEMU lists the buckets of its histograms.
 *
 * <p>QEMU 7.1 and those after it list them from the last to the first, against their own
 * documentation; whether and when that was put right, a greeting does not tell. But it shows: KVM
 * also counts the sum of what falls into a histogram's buckets, and only in one order can the
 * buckets have that sum. A histogram of halts of 50 ms each, read the wrong way round, has halts of
 * 20 ns.
 */
enum BucketOrder {
  /** The kernel's: the smallest values first. */
  KERNELS,
  /** The largest values first. */
  REVERSED;

  /**
   * How far a sum may be out of its histogram: KVM takes the time of a poll once for each of them,
   * some ns apart, and a reading may fall between the two.
   */
  private static final double TOLERANCE = 2;

  /**
   * {@return the order that the buckets must be in, if only one is possible}
   *
   * @param listed the buckets, as QEMU lists them
   * @param histogram what they are
   * @param sum of all that fell into them, in the same unit; unsigned
   */
  static Optional<BucketOrder> of(List<Long> listed, Descriptor histogram, long sum) {
    boolean asListed = couldHave(sum, listed, histogram);
    boolean reversed = couldHave(sum, listed.reversed(), histogram);
    if (asListed == reversed) {
      return Optional.empty();
    }
    return Optional.of(asListed ? KERNELS : REVERSED);
  }

  private static boolean couldHave(long sum, List<Long> buckets, Descriptor histogram) {
    double least = 0;
    double most = 0;
    int last = buckets.size() - 1;
    for (int i = 0; i <= last; i++) {
      double count = Unsigned.toDouble(buckets.get(i));
      if (count > 0) {
        least += count * Unsigned.toDouble(histogram.bucketFrom(i));
        // The last bucket has no upper bound.
        most +=
            i == last
                ? Double.POSITIVE_INFINITY
                : count * Unsigned.toDouble(histogram.bucketFrom(i + 1));
      }
    }
    double is = Unsigned.toDouble(sum);
    return least / TOLERANCE <= is && is <= most * TOLERANCE;
  }

  /** {@return the buckets in the kernel's order} */
  List<Long> kernels(List<Long> listed) {
    return this == REVERSED ? listed.reversed() : listed;
  }
}
