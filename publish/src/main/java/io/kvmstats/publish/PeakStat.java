package io.kvmstats.publish;

import io.kvmstats.linux.Word;

/**
 * A published statistic that is the largest value so far. One thread at a time writes, any reads.
 */
public final class PeakStat {
  private final Word value;

  PeakStat(Word value) {
    this.value = value;
  }

  /**
   * Raises it, if this is more than there ever was.
   *
   * @param now unsigned
   */
  public void raise(long now) {
    if (Long.compareUnsigned(now, get()) > 0) {
      value.set(now);
    }
  }

  /** {@return the value, unsigned} */
  public long get() {
    return value.get();
  }
}
