package io.kvmstats.core.text;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.model.Unsigned;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Plain text for people: safe for a terminal, in columns, with units. */
public final class Text {
  /** What stands where nothing is known. */
  public static final String UNKNOWN = "–";

  private static final int MAX_COLUMN = 60;

  private Text() {}

  /**
   * {@return a text with nothing in it that a terminal would obey}
   *
   * <p>VMs are named by their users; an escape sequence must not reach the screen of root.
   *
   * @param text of anybody's
   */
  public static String printable(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .forEach(c -> {
          int type = Character.getType(c);
          if (type == Character.CONTROL
              || type == Character.FORMAT
              || type == Character.LINE_SEPARATOR
              || type == Character.PARAGRAPH_SEPARATOR
              || type == Character.SURROGATE) {
            out.append(String.format(Locale.ROOT, "\\u%04x", c));
          } else {
            out.appendCodePoint(c);
          }
        });
    return out.toString();
  }

  /**
   * {@return rows aligned in columns, a line each}
   *
   * @param rows all of one length
   * @param right which columns are aligned to the right: numbers
   */
  public static String columns(List<List<String>> rows, List<Boolean> right) {
    List<Integer> widths = new ArrayList<>();
    for (int column = 0; column < right.size(); column++) {
      int width = 0;
      for (List<String> row : rows) {
        width = Math.max(width, Math.min(row.get(column).length(), MAX_COLUMN));
      }
      widths.add(width);
    }
    StringBuilder out = new StringBuilder();
    for (List<String> row : rows) {
      out.append(line(row, widths, right)).append('\n');
    }
    return out.toString();
  }

  /**
   * {@return a text in indented lines no longer than a width, broken between words}
   *
   * @param text a paragraph
   * @param width in characters, with the indentation
   * @param indent what each line starts with
   */
  public static String wrap(String text, int width, String indent) {
    StringBuilder out = new StringBuilder();
    StringBuilder line = new StringBuilder(indent);
    for (String word : text.split(" ", -1)) {
      if (line.length() > indent.length() && line.length() + 1 + word.length() > width) {
        out.append(line).append('\n');
        line.setLength(indent.length());
      }
      line.append(line.length() > indent.length() ? " " : "").append(word);
    }
    return out.append(line).append('\n').toString();
  }

  /**
   * {@return one row in columns of given widths}
   *
   * @param row a cell per column
   * @param widths in characters
   * @param right which columns are aligned to the right: numbers
   */
  public static String line(List<String> row, List<Integer> widths, List<Boolean> right) {
    StringBuilder out = new StringBuilder();
    for (int column = 0; column < row.size(); column++) {
      String cell = row.get(column);
      String padding = " ".repeat(Math.max(0, widths.get(column) - cell.length()));
      out.append(column == 0 ? "" : "  ")
          .append(right.get(column) ? padding + cell : cell + padding);
    }
    return out.toString().stripTrailing();
  }

  /**
   * {@return what a raw value is counted in, such as {@code ns} or {@code KiB}; empty of a count}
   *
   * @param descriptor of a statistic; of a histogram, its buckets' bounds are counted in that
   */
  public static String unit(Descriptor descriptor) {
    String scale = scale(descriptor);
    return switch (descriptor.unit()) {
      case NONE -> scale;
      case BOOLEAN -> scale;
      case BYTES -> scale + "B";
      case SECONDS -> scale + "s";
      case CYCLES -> scale.isEmpty() ? "cycles" : scale + " cycles";
      case UNKNOWN -> scale + "?" + descriptor.unitCode();
    };
  }

  private static String scale(Descriptor descriptor) {
    int exponent = descriptor.exponent();
    if (exponent == 0) {
      return "";
    }
    String prefix =
        switch (descriptor.base()) {
          case POW10 ->
              switch (exponent) {
                case -9 -> "n";
                case -6 -> "µ";
                case -3 -> "m";
                case 3 -> "k";
                default -> "";
              };
          case POW2 ->
              switch (exponent) {
                case 10 -> "Ki";
                case 20 -> "Mi";
                case 30 -> "Gi";
                default -> "";
              };
          case UNKNOWN -> "";
        };
    if (!prefix.isEmpty()) {
      return prefix;
    }
    return "×" + descriptor.base().radix() + "^" + exponent + " ";
  }

  /**
   * {@return what a bucket of a histogram counts, such as {@code [1.02 µs, 2.05 µs)}}
   *
   * @param descriptor of the histogram
   * @param index of the bucket
   */
  public static String bucket(Descriptor descriptor, int index) {
    String from = bound(descriptor, descriptor.bucketFrom(index));
    return index == descriptor.size() - 1
        ? "[" + from + ", ∞)"
        : "[" + from + ", " + bound(descriptor, descriptor.bucketFrom(index + 1)) + ")";
  }

  /**
   * {@return what the samples of a bucket are less than, such as {@code < 2.05 µs}; of the last
   * one, which has no end, what they are in}
   *
   * @param descriptor of the histogram
   * @param index of the bucket
   */
  public static String below(Descriptor descriptor, int index) {
    return index == descriptor.size() - 1
        ? "in " + bucket(descriptor, index)
        : "< " + bound(descriptor, descriptor.bucketFrom(index + 1));
  }

  private static String bound(Descriptor descriptor, long raw) {
    return descriptor.unit() == Unit.SECONDS
        ? seconds(Unsigned.toDouble(raw) * descriptor.scale())
        : (Long.toUnsignedString(raw) + " " + unit(descriptor)).strip();
  }

  /**
   * {@return QEMU's word for a type (qapi/stats.json), empty of an unknown one}
   *
   * @param type of a statistic
   */
  public static Optional<String> typeWord(StatType type) {
    return switch (type) {
      case CUMULATIVE -> Optional.of("cumulative");
      case INSTANT -> Optional.of("instant");
      case PEAK -> Optional.of("peak");
      case LINEAR_HISTOGRAM -> Optional.of("linear-histogram");
      case LOG_HISTOGRAM -> Optional.of("log2-histogram");
      case UNKNOWN -> Optional.empty();
    };
  }

  /**
   * {@return QEMU's word for a unit (qapi/stats.json), or "none"; empty of an unknown one}
   *
   * @param unit of a statistic
   */
  public static Optional<String> unitWord(Unit unit) {
    return switch (unit) {
      case NONE -> Optional.of("none");
      case BYTES -> Optional.of("bytes");
      case SECONDS -> Optional.of("seconds");
      case CYCLES -> Optional.of("cycles");
      case BOOLEAN -> Optional.of("boolean");
      case UNKNOWN -> Optional.empty();
    };
  }

  /**
   * {@return seconds as a person would say them, with three digits: 1.05 ms}
   *
   * @param seconds 0 or more
   */
  public static String seconds(double seconds) {
    String[] units = {"s", "ms", "µs", "ns"};
    double value = seconds;
    int unit = 0;
    while (value != 0 && value < 1 && unit < units.length - 1) {
      value *= 1000;
      unit++;
    }
    int decimals = value < 1 || value >= 100 || units[unit].equals("ns") ? 0 : value < 10 ? 2 : 1;
    return fixed(value, decimals) + " " + units[unit];
  }

  /**
   * {@return a share of time in percent}
   *
   * @param share 1 is all of it
   */
  public static String percent(double share) {
    return fixed(share * 100, 1);
  }

  /**
   * {@return a number without decimals, unless it would look like 0, 1 or 2 without them}
   *
   * @param value any
   */
  public static String number(double value) {
    return fixed(value, value < 10 && value != Math.rint(value) ? 1 : 0);
  }

  private static String fixed(double value, int decimals) {
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }
}
