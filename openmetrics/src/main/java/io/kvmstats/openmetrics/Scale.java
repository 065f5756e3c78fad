package io.kvmstats.openmetrics;

import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.model.Unsigned;

/**
 * What makes a raw number one of its unit: {@code raw × radix^exponent}.
 *
 * @param radix 10 or 2
 * @param exponent signed
 */
record Scale(int radix, int exponent) {
  static final Scale ONE = new Scale(10, 0);
  static final Scale NANO = new Scale(10, -9);

  /** 10^18 is the largest power of ten in a long. */
  private static final int PLACES_MAX = 18;

  /** Up to here every power of ten is a double. */
  private static final int EXACT_POWER_MAX = 22;

  private static final long EXACT_INTEGER_MAX = 1L << 53;

  /** {@return that of a statistic; {@link #ONE} where unit or base are unknown, or it is 0 or 1} */
  static Scale of(Descriptor descriptor) {
    boolean isScaled = isKnown(descriptor) && descriptor.unit() != Unit.BOOLEAN;
    return isScaled ? new Scale(descriptor.base().radix(), descriptor.exponent()) : ONE;
  }

  /** {@return whether it is known what a raw number has to be multiplied by, and to be what} */
  static boolean isKnown(Descriptor descriptor) {
    return descriptor.unit() == Unit.BOOLEAN
        || (descriptor.unit() != Unit.UNKNOWN && descriptor.base() != Base.UNKNOWN);
  }

  /** {@return how many decimals a number needs when it is written out; -1 when it can't be} */
  private int places() {
    return radix == 10 && exponent <= 0 && exponent >= -PLACES_MAX ? -exponent : -1;
  }

  /** {@return the nearest double} */
  double toDouble(long raw) {
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

  /** Writes a number with all of its digits, or as the nearest double where these are too many. */
  void write(long raw, Bytes out) {
    int places = places();
    if (places >= 0) {
      out.putDecimal(raw, places);
      return;
    }
    // Whole numbers that a u64 holds, such as KiB are, keep their digits too.
    if (radix == 2 && exponent > 0 && exponent <= Long.numberOfLeadingZeros(raw)) {
      out.putDecimal(raw << exponent, 0);
      return;
    }
    out.putDouble(toDouble(raw));
  }
}
