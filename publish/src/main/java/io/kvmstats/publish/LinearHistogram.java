package io.kvmstats.publish;

import io.kvmstats.linux.Word;

/**
 * Published counts of values in buckets of equal width. One thread at a time writes, any reads.
 *
 * <p>The bucket of a value is {@code min(value / width, buckets - 1)}, as in
 * kvm_stats_linear_hist_update ({@code include/linux/kvm_host.h}, Linux 6.12).
 */
public final class LinearHistogram {
  private final Word[] buckets;
  private final long width;
  private final int last;

  LinearHistogram(Word[] buckets, long width) {
    this.buckets = buckets;
    this.width = width;
    this.last = buckets.length - 1;
  }

  /**
   * Counts a value.
   *
   * @param value unsigned, in the unit and exponent that were declared
   */
  public void record(long value) {
    long bucket = Long.divideUnsigned(value, width);
    buckets[Long.compareUnsigned(bucket, last) < 0 ? (int) bucket : last].add(1);
  }

  /**
   * {@return how many values a bucket has, unsigned}
   *
   * @param bucket from 0
   */
  public long get(int bucket) {
    return buckets[bucket].get();
  }
}
