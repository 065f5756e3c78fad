package io.kvmstats.tui;

import java.util.Locale;

/** Numbers in five characters. */
final class Numbers {
  private static final String[] PREFIXES = {"", "k", "M", "G", "T", "P", "E"};

  private Numbers() {}

  /** {@return a number of three digits or so, with a decimal prefix: 7.3, 812, 12.3k, 4.56M} */
  static String scaled(double value) {
    if (value < 0) {
      return "-" + scaled(-value);
    }
    double scaled = Math.abs(value); // There is a -0 too.
    int prefix = 0;
    while (scaled >= 999.5 && prefix < PREFIXES.length - 1) {
      scaled /= 1000;
      prefix++;
    }
    int decimals = decimals(scaled, prefix == 0);
    return String.format(Locale.ROOT, "%." + decimals + "f", scaled) + PREFIXES[prefix];
  }

  private static int decimals(double value, boolean isPlain) {
    if (isPlain) {
      return value < 99.95 && value != Math.rint(value) ? 1 : 0;
    }
    return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  }
}
