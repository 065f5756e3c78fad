package io.kvmstats.core.model;

/**
 * One statistic of a schema: its name, its meaning, and where its values lie in the data block.
 *
 * <p>The real value is {@code data × base^exponent} units. Flags are kept whole, so a type, unit,
 * base or bit that this version does not know is neither lost nor mistaken for a known one.
 *
 * @param name the kernel's name, printable ASCII
 * @param flags type (bits 0-3), unit (4-7) and base (8-11) as in {@code struct kvm_stats_desc}
 * @param exponent the power of the base that values are scaled by, signed
 * @param size how many u64 values there are: 1, or a histogram's number of buckets
 * @param offset where they start, in bytes from the start of the data block
 * @param bucketSize the width of a linear histogram's buckets, else 0; unsigned 32 bits
 */
public record Descriptor(
    String name, int flags, int exponent, int size, long offset, long bucketSize) {

  private static final int UNIT_SHIFT = 4;
  private static final int BASE_SHIFT = 8;
  private static final int CODE_MASK = 0xf;

  /**
   * {@return the flags that stand for a known type, unit and base}
   *
   * @param type any but {@link StatType#UNKNOWN}
   * @param unit any but {@link Unit#UNKNOWN}
   * @param base any but {@link Base#UNKNOWN}
   */
  public static int flags(StatType type, Unit unit, Base base) {
    return type.code() | unit.code() << UNIT_SHIFT | base.code() << BASE_SHIFT;
  }

  /** {@return the type, {@link StatType#UNKNOWN} where this version does not know it} */
  public StatType type() {
    return StatType.ofCode(typeCode());
  }

  /** {@return the unit, {@link Unit#UNKNOWN} where this version does not know it} */
  public Unit unit() {
    return Unit.ofCode(unitCode());
  }

  /** {@return the base, {@link Base#UNKNOWN} where this version does not know it} */
  public Base base() {
    return Base.ofCode(baseCode());
  }

  /** {@return the type's encoding, 0 to 15} */
  public int typeCode() {
    return flags & CODE_MASK;
  }

  /** {@return the unit's encoding, 0 to 15} */
  public int unitCode() {
    return flags >>> UNIT_SHIFT & CODE_MASK;
  }

  /** {@return the base's encoding, 0 to 15} */
  public int baseCode() {
    return flags >>> BASE_SHIFT & CODE_MASK;
  }

  /** {@return the first byte of the data block behind this statistic's values} */
  public long end() {
    return offset + (long) size * Long.BYTES;
  }

  /**
   * {@return {@code base^exponent}: what a raw value, or a bucket's bound, is multiplied by to be
   * in units; NaN where the base is unknown}
   */
  public double scale() {
    return base() == Base.UNKNOWN ? Double.NaN : Math.pow(base().radix(), exponent);
  }

  /**
   * {@return the smallest raw value that bucket {@code index} of a histogram counts, unsigned}
   *
   * <p>Bucket 0 of a log histogram is {0}, bucket 1 is {1}, bucket i is [2^(i-1), 2^i); of a linear
   * one, bucket i is [i × bucketSize, (i + 1) × bucketSize). The last bucket is open ({@code
   * include/linux/kvm_host.h}, kvm_stats_linear_hist_update and kvm_stats_log_hist_update, Linux
   * 6.12).
   *
   * @param index 0 to size - 1
   */
  public long bucketFrom(int index) {
    return switch (type()) {
      case LINEAR_HISTOGRAM -> index * bucketSize;
      // Beyond 64 buckets no u64 can fall into one: bucket 65 would start at 2^64.
      case LOG_HISTOGRAM -> index == 0 ? 0 : index > Long.SIZE ? -1 : 1L << (index - 1);
      default -> throw new IllegalStateException(name + " is not a histogram");
    };
  }
}
