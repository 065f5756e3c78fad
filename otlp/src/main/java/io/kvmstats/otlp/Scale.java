package io.kvmstats.otlp;

import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.model.Unsigned;

/** What makes a raw number one of its unit. */
final class Scale {
  /** Up to here every power of ten is a double. */
  private static final int EXACT_POWER_MAX = 22;

  private static final long EXACT_INTEGER_MAX = 1L << 53;

  private Scale() {}

  /** {@return whether it is known what a raw number has to be multiplied by, and to be what} */
  static boolean isKnown(Descriptor stat) {
    return stat.unit() != Unit.UNKNOWN && stat.base() != Base.UNKNOWN;
  }

  /** {@return whether a raw number is one of its unit already, or of what nobody knows} */
  static boolean isOne(Descriptor stat) {
    return stat.exponent() == 0 || !isKnown(stat);
  }

  /** {@return the double that is nearest to a raw number, in its unit} */
  static double scaled(Descriptor stat, long raw) {
    int exponent = stat.exponent();
    if (isOne(stat)) {
      return Unsigned.toDouble(raw);
    }
    if (stat.base() == Base.POW2) {
      return Math.scalb(Unsigned.toDouble(raw), exponent);
    }
    if (raw >= 0 && raw <= EXACT_INTEGER_MAX && Math.abs(exponent) <= EXACT_POWER_MAX) {
      double power = Math.pow(10, Math.abs(exponent));
      return exponent < 0 ? raw / power : raw * power;
    }
    return Double.parseDouble(Long.toUnsignedString(raw) + "e" + exponent);
  }
}
