package io.kvmstats.tui;

import java.util.Comparator;

/** Texts in the order that people expect: vm-10 comes behind vm-9. */
final class NaturalOrder {
  /** Compares runs of digits as numbers, and everything else by character. */
  static final Comparator<String> COMPARATOR = NaturalOrder::compare;

  private NaturalOrder() {}

  private static int compare(String one, String other) {
    int i = 0;
    int k = 0;
    while (i < one.length() && k < other.length()) {
      int endOne = endOfDigits(one, i);
      int endOther = endOfDigits(other, k);
      int order;
      if (endOne > i && endOther > k) {
        order = compareDigits(one.substring(i, endOne), other.substring(k, endOther));
        i = endOne;
        k = endOther;
      } else {
        order = Character.compare(one.charAt(i++), other.charAt(k++));
      }
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(one.length() - i, other.length() - k);
  }

  private static int endOfDigits(String text, int from) {
    int end = from;
    while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
      end++;
    }
    return end;
  }

  /** However many there are: what has more digits, but for zeros before them, is larger. */
  private static int compareDigits(String one, String other) {
    String first = one.replaceFirst("^0+(?=.)", "");
    String second = other.replaceFirst("^0+(?=.)", "");
    return first.length() != second.length()
        ? Integer.compare(first.length(), second.length())
        : first.compareTo(second);
  }
}
