package io.kvmstats.publish;

import io.kvmstats.linux.Word;

/**
 * Published counts of values in buckets bounded by powers of two. One thread at a time writes, any
 * reads.
 *
 * <p>The bucket of a value is {@code min(fls64(value), buckets - 1)}, as in
 * kvm_stats_log_hist_update ({@code include/linux/kvm_host.h}, Linux 6.12): 0 is alone, then 1,
 * then 2 to 3, 4 to 7 and so on.
 */
public final class LogHistogram {
  private final Word[] buckets;

  LogHistogram(Word[] buckets) {
    this.buckets = buckets;
  }

  /**
   * Counts a value.
   *
   * @param value unsigned, in the unit and exponent that were declared
   */
  public void record(long value) {
    int bits = Long.SIZE - Long.numberOfLeadingZeros(value);
    buckets[Math.min(bits, buckets.length - 1)].add(1);
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
