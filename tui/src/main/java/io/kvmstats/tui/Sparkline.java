package io.kvmstats.tui;

/** Small pictures of numbers, in block characters. */
final class Sparkline {
  private static final String BLOCKS = " ▁▂▃▄▅▆▇█";
  private static final String SHADES = " ░▒▓█";
  private static final int EIGHTHS = 8;
  private static final String EIGHTH_BARS = " ▏▎▍▌▋▊▉";

  private Sparkline() {}

  /**
   * {@return a line of numbers as one of blocks, the newest last; the largest is a whole block}
   *
   * <p>Each block is the mean of several numbers where there are more of them than blocks. What is
   * unknown is a space, and 0 the lowest block.
   */
  static String of(double[] values, int width) {
    double[] means = new double[width];
    double largest = 0;
    for (int i = 0; i < width; i++) {
      means[i] = mean(values, i * values.length / width, (i + 1) * values.length / width);
      largest = means[i] > largest ? means[i] : largest;
    }
    StringBuilder line = new StringBuilder();
    for (double mean : means) {
      line.append(Double.isNaN(mean) ? ' ' : BLOCKS.charAt(level(mean, largest)));
    }
    return line.toString();
  }

  private static int level(double value, double largest) {
    int highest = BLOCKS.length() - 1;
    return value <= 0 ? 1 : Math.clamp((int) Math.ceil(value / largest * highest), 1, highest);
  }

  private static double mean(double[] values, int from, int to) {
    double sum = 0;
    int known = 0;
    for (int i = from; i < to; i++) {
      if (!Double.isNaN(values[i])) {
        sum += values[i];
        known++;
      }
    }
    return known == 0 ? Double.NaN : sum / known;
  }

  /** {@return a bar, to an eighth of a character; of what is more than nothing, at least that} */
  static String bar(double value, double largest, int width) {
    if (value <= 0) {
      return "";
    }
    int eighths = Math.max(1, (int) Math.round(value / largest * width * EIGHTHS));
    String bar = "█".repeat(eighths / EIGHTHS);
    return eighths % EIGHTHS == 0 ? bar : bar + EIGHTH_BARS.charAt(eighths % EIGHTHS);
  }

  /** {@return a shade: the darkest for the highest level, none for level 0} */
  static char shade(int level, int highest) {
    int darkest = SHADES.length() - 1;
    return level <= 0
        ? SHADES.charAt(0)
        : SHADES.charAt(Math.clamp((level * darkest + highest - 1) / highest, 1, darkest));
  }
}
