package io.kvmstats.tui;

import io.kvmstats.core.text.Text;

/**
 * A place in a table.
 *
 * @param text what stands there, safe for a terminal
 * @param order what it is sorted by where its column is one of numbers; NaN goes last
 * @param style what it means
 */
record Cell(String text, double order, Style style) {
  static final Cell EMPTY = new Cell("", Double.NaN, Style.PLAIN);
  static final Cell UNKNOWN = new Cell(Text.UNKNOWN, Double.NaN, Style.FAINT);

  static Cell text(String text) {
    return new Cell(text, Double.NaN, Style.PLAIN);
  }

  /** {@return a count or a rate: 0, 7.3, 812, 12.3k, 4.56M} */
  static Cell count(double value) {
    return Double.isNaN(value) ? UNKNOWN : new Cell(Numbers.scaled(value), value, Style.PLAIN);
  }

  /** {@return a share, in percent} */
  static Cell share(double value) {
    return Double.isNaN(value) ? UNKNOWN : new Cell(Text.percent(value), value, Style.PLAIN);
  }

  Cell with(Style other) {
    return new Cell(text, order, other);
  }
}
