package io.kvmstats.publish;

import io.kvmstats.linux.Word;

/**
 * A published statistic that only grows. One thread at a time writes, any reads.
 *
 * <p>Counting costs what counting in a plain field does, and is seen by others when that is: at the
 * latest when the thread next calls something that the compiler can't look into, such as KVM_RUN.
 */
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
