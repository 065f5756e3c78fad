package io.kvmstats.discover;

/** Numbers in the names that /proc has: decimal digits and nothing else. */
final class Digits {
  static final int NONE = -1;

  private Digits() {}

  /**
   * {@return the number, {@link #NONE} where the text is none}
   *
   * @param text all of it
   * @param maxDigits how long it may be, at most 9
   */
  static int parse(String text, int maxDigits) {
    if (text.isEmpty() || text.length() > maxDigits) {
      return NONE;
    }
    int value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return NONE;
      }
      value = value * 10 + digit;
    }
    return value;
  }
}
