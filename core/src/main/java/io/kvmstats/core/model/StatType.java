package io.kvmstats.core.model;

/** How a statistic's value moves: the type bits of a descriptor's flags (KVM_STATS_TYPE_*). */
public enum StatType {
  /** Only ever grows, except that a write to its debugfs file sets it back to 0. */
  CUMULATIVE(0),
  /** The state at the time of reading: goes up and down. */
  INSTANT(1),
  /** The largest value so far. */
  PEAK(2),
  /** Sample counts in buckets of equal width. */
  LINEAR_HISTOGRAM(3),
  /** Sample counts in buckets bounded by powers of two. */
  LOG_HISTOGRAM(4),
  /** A type that this version does not know; {@link Descriptor#typeCode()} says which. */
  UNKNOWN(-1);

  private final int code;

  StatType(int code) {
    this.code = code;
  }

  static StatType ofCode(int code) {
    for (StatType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    return UNKNOWN;
  }

  /** {@return the encoding in a descriptor's flags; {@link #UNKNOWN} has none} */
  public int code() {
    if (this == UNKNOWN) {
      throw new IllegalStateException("an unknown type has no code of its own");
    }
    return code;
  }

  /** {@return whether the values are the sample counts of buckets} */
  public boolean isHistogram() {
    return this == LINEAR_HISTOGRAM || this == LOG_HISTOGRAM;
  }

  /** {@return whether a value never falls unless it was reset} */
  public boolean isCumulative() {
    return this == CUMULATIVE || isHistogram();
  }
}
