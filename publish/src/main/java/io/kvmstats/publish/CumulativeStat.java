package io.kvmstats.publish;

import io.kvmstats.linux.Word;

/** A published statistic that only grows. One thread at a time writes, any reads. */
public final class CumulativeStat {
  private final Word value;

  CumulativeStat(Word value) {
    this.value = value;
  }

  /** Adds one. */
  public void increment() {
    value.add(1);
  }

  /**
   * Adds an amount.
   *
   * @param amount unsigned
   */
  public void add(long amount) {
    value.add(amount);
  }

  /** {@return the value, unsigned} */
  public long get() {
    return value.get();
  }
}
