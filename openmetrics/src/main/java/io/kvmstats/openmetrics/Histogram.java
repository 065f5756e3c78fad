package io.kvmstats.openmetrics;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Scale;
import org.jspecify.annotations.Nullable;

/** One histogram as a sample has it. Reused from one to the next, since there are many. */
final class Histogram {
  private @Nullable Buckets buckets;
  private long[] counts = {};
  private long[] cumulative = {};
  private boolean hasSum;
  private long sum;
  private Scale sumScale = Scale.ONE;

  /**
   * Takes it from a sample that has it.
   *
   * @param sumOf what its samples add up to, if that is known
   */
  void read(Sample sample, Descriptor histogram, Buckets shape, @Nullable Descriptor sumOf) {
    buckets = shape;
    if (counts.length < shape.size()) {
      counts = new long[shape.size()];
      cumulative = new long[shape.size()];
    }
    long total = 0;
    int exported = 0;
    for (int i = 0; i < shape.size(); i++) {
      counts[i] = sample.value(histogram, i);
      long more = total + counts[i];
      // What a u64 can't count stays at its end: no later bucket may be less.
      total = Long.compareUnsigned(more, total) < 0 ? -1 : more;
      if (i == shape.last(exported)) {
        cumulative[exported++] = total;
      }
    }
    hasSum = sumOf != null && sample.has(sumOf);
    if (sumOf != null && hasSum) {
      sum = sample.value(sumOf);
      sumScale = Scale.of(sumOf);
    }
  }

  Buckets buckets() {
    if (buckets == null) {
      throw new IllegalStateException("nothing was read yet");
    }
    return buckets;
  }

  /** {@return a bucket's count, of those that KVM has} */
  long count(int index) {
    return counts[index];
  }

  /** {@return how many samples are in an exported bucket and those below it, unsigned} */
  long cumulative(int index) {
    return cumulative[index];
  }

  /** {@return how many samples there are, unsigned} */
  long total() {
    return cumulative[buckets().classic() - 1];
  }

  boolean hasSum() {
    return hasSum;
  }

  /** {@return what they add up to, raw} */
  long sum() {
    return sum;
  }

  Scale sumScale() {
    return sumScale;
  }
}
