package io.kvmstats.core.model;

/** What a descriptor's exponent is a power of: the base bits of its flags (KVM_STATS_BASE_*). */
public enum Base {
  /** Powers of ten. */
  POW10(0, 10),
  /** Powers of two. */
  POW2(1, 2),
  /** A base that this version does not know; {@link Descriptor#baseCode()} says which. */
  UNKNOWN(-1, 0);

  private final int code;
  private final int radix;

  Base(int code, int radix) {
    this.code = code;
    this.radix = radix;
  }

  static Base ofCode(int code) {
    for (Base base : values()) {
      if (base.code == code) {
        return base;
      }
    }
    return UNKNOWN;
  }

  /** {@return the encoding in a descriptor's flags; {@link #UNKNOWN} has none} */
  public int code() {
    if (this == UNKNOWN) {
      throw new IllegalStateException("an unknown base has no code of its own");
    }
    return code;
  }

  /** {@return 10 or 2; 0 of an unknown base} */
  public int radix() {
    return radix;
  }
}
