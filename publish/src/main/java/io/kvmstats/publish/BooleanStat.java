package io.kvmstats.publish;

import io.kvmstats.linux.Word;

/**
 * A published statistic that is so or not, or ever was, when it is declared as a peak. One thread
 * at a time writes, any reads.
 */
public final class BooleanStat {
  private final Word value;
  private final boolean peak;

  BooleanStat(Word value, boolean peak) {
    this.value = value;
    this.peak = peak;
  }

  /**
   * Says what is so now; a peak that was once true stays so.
   *
   * @param now whether it is
   */
  public void set(boolean now) {
    if (now || !peak) {
      value.set(now ? 1 : 0);
    }
  }

  /** {@return what readers see} */
  public boolean get() {
    return value.get() != 0;
  }
}
