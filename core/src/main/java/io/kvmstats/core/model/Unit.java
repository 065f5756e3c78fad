package io.kvmstats.core.model;

/**
 * What a statistic measures: the unit bits of a descriptor's flags (KVM_STATS_UNIT_*).
 *
 * <p>Of a histogram, it is the unit of the bucket bounds; the values are counts.
 */
public enum Unit {
  /** A plain count. */
  NONE(0),
  /** Bytes. */
  BYTES(1),
  /** Seconds, scaled by the descriptor's exponent: KVM's are nanoseconds. */
  SECONDS(2),
  /** Clock cycles. */
  CYCLES(3),
  /** 0 or 1. */
  BOOLEAN(4),
  /** A unit that this version does not know; {@link Descriptor#unitCode()} says which. */
  UNKNOWN(-1);

  private final int code;

  Unit(int code) {
    this.code = code;
  }

  static Unit ofCode(int code) {
    for (Unit unit : values()) {
      if (unit.code == code) {
        return unit;
      }
    }
    return UNKNOWN;
  }

  /** {@return the encoding in a descriptor's flags; {@link #UNKNOWN} has none} */
  public int code() {
    if (this == UNKNOWN) {
      throw new IllegalStateException("an unknown unit has no code of its own");
    }
    return code;
  }
}
