package io.kvmstats.core.model;

/**
 * What makes a raw number one of its unit: {@code raw × radix^exponent}.
 *
 * @param radix 10 or 2
 * @param exponent signed
 */
public record Scale(int radix, int exponent) {
  /** Of what is in its unit already. */
  public static final Scale ONE = new Scale(10, 0);

  /** Of nanoseconds. */
  public static final Scale NANO = new Scale(10, -9);

  /** Up to here every power of ten is a double. */
  private static final int EXACT_POWER_MAX = 22;

  private static final long EXACT_INTEGER_MAX = 1L << 53;

  /** {@return that of a statistic; {@link #ONE} where unit or base are unknown, or it is 0 or 1} */
  public static Scale of(Descriptor descriptor) {
    boolean isScaled = isKnown(descriptor) && descriptor.unit() != Unit.BOOLEAN;
    return isScaled ? new Scale(descriptor.base().radix(), descriptor.exponent()) : ONE;
  }

  /** {@return whether it is known what a raw number has to be multiplied by, and to be what} */
  public static boolean isKnown(Descriptor descriptor) {
    return descriptor.unit() == Unit.BOOLEAN
        || (descriptor.unit() != Unit.UNKNOWN && descriptor.base() != Base.UNKNOWN);
  }

  /**
   * {@return the nearest double to a raw number in its unit}
   *
   * @param raw unsigned
   */
  public double toDouble(long raw) {
    if (exponent == 0) {
      return Unsigned.toDouble(raw);
    }
    if (radix == 2) {
      return Math.scalb(Unsigned.toDouble(raw), exponent);
    }
    boolean isExact = raw >= 0 && raw <= EXACT_INTEGER_MAX && Math.abs(exponent) <= EXACT_POWER_MAX;
    if (isExact) {
      double power = Math.pow(10, Math.abs(exponent));
      return exponent < 0 ? raw / power : raw * power;
    }
    return Double.parseDouble(Long.toUnsignedString(raw) + "e" + exponent);
  }
}
