package io.kvmstats.tui;

import java.util.ArrayList;
import java.util.List;
import org.jline.utils.WCWidth;

/** A line of the screen: pieces of text, each with what it means. */
final class Line {
  private final List<Piece> pieces = new ArrayList<>();
  private int width;

  /** A piece of a line. */
  record Piece(String text, Style style) {}

  Line add(String text, Style style) {
    pieces.add(new Piece(text, style));
    width += width(text);
    return this;
  }

  Line add(String text) {
    return add(text, Style.PLAIN);
  }

  List<Piece> pieces() {
    return pieces;
  }

  /** {@return how many columns of the terminal it takes} */
  int width() {
    return width;
  }

  /** {@return the same line, no wider and no narrower than a width} */
  Line fit(int columns, Style padding) {
    Line fitted = new Line();
    for (Piece piece : pieces) {
      String cut = cut(piece.text, columns - fitted.width);
      fitted.add(cut, piece.style);
      if (!cut.equals(piece.text)) {
        break; // A narrow character of the next piece may fit where a wide one of this did not.
      }
    }
    return fitted.width < columns
        ? fitted.add(" ".repeat(columns - fitted.width), padding)
        : fitted;
  }

  /** {@return the same text, all of one meaning} */
  Line all(Style style) {
    Line line = new Line();
    pieces.forEach(piece -> line.add(piece.text, style));
    return line;
  }

  String text() {
    StringBuilder text = new StringBuilder();
    pieces.forEach(piece -> text.append(piece.text));
    return text.toString();
  }

  /** {@return how many columns a text takes: some characters take two, some none} */
  static int width(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
        return text.codePoints().map(c -> Math.max(0, WCWidth.wcwidth(c))).sum();
      }
    }
    return text.length(); // ASCII, as most is: looking up each character took most of a drawing.
  }

  /** {@return as much of a text as a number of columns has room for} */
  static String cut(String text, int columns) {
    if (width(text) <= columns) {
      return text;
    }
    StringBuilder cut = new StringBuilder();
    int used = 0;
    for (int c : text.codePoints().toArray()) {
      used += Math.max(0, WCWidth.wcwidth(c));
      if (used > columns) {
        break;
      }
      cut.appendCodePoint(c);
    }
    return cut.toString();
  }

  /** {@return the end of a text, as much as a number of columns has room for} */
  static String end(String text, int columns) {
    String end = text;
    while (width(end) > columns && !end.isEmpty()) {
      end = end.substring(end.offsetByCodePoints(0, 1));
    }
    return end;
  }

  /** {@return a text in the middle of nothing, to its left or right, as wide as asked for} */
  static String pad(String text, int columns, boolean right) {
    String cut = cut(text, columns);
    String padding = " ".repeat(columns - width(cut));
    return right ? padding + cut : cut + padding;
  }
}
