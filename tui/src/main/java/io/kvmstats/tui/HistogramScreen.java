package io.kvmstats.tui;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Unsigned;
import io.kvmstats.core.text.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One histogram: how many samples each bucket has, with its bounds and a bar, and beside that how
 * many it got at each of the last sweeps.
 */
final class HistogramScreen {
  /** What stays above the buckets when they are scrolled. */
  static final int HEAD_LINES = 2;

  private static final int BOUNDS_WIDTH = 22;
  private static final int COUNT_WIDTH = 11;
  private static final double[] QUANTILES = {0.5, 0.9, 0.99};

  private HistogramScreen() {}

  static List<Line> of(
      ObservedVmm vmm, Observed object, Descriptor stat, Model model, State state, int width) {
    Optional<long[]> values = state.total(vmm.id(object), object, stat);
    if (values.isEmpty()) {
      return List.of(new Line().add("unknown: it could not be read", Style.FAINT));
    }
    long[] counts = values.get();
    double all = 0;
    double highest = 0;
    for (long count : counts) {
      all += Unsigned.toDouble(count);
      highest = Math.max(highest, Unsigned.toDouble(count));
    }
    // As wide as they are: a number whose end is cut off is another one.
    int bounds = BOUNDS_WIDTH;
    int samples = COUNT_WIDTH;
    for (int i = first(counts); i <= last(counts); i++) {
      bounds = Math.max(bounds, Line.width(Text.bucket(stat, i)) + 1);
      samples = Math.max(samples, Long.toUnsignedString(counts[i]).length());
    }
    int bar = Math.max(4, (width - bounds - samples) / 3);
    int heat = Math.clamp(width - bounds - samples - bar - 4, 0, Track.LENGTH);
    List<Line> lines = new ArrayList<>();
    lines.add(summary(stat, counts, all));
    lines.add(
        new Line()
            .add(Line.pad("BUCKET", bounds, false), Style.HEADING)
            .add(Line.pad("SAMPLES", samples, true) + " ", Style.HEADING)
            .add(Line.pad("", bar, false) + " ", Style.HEADING)
            .add(Line.pad("last " + heat + " readings", heat, true), Style.HEADING)
            .fit(width, Style.HEADING));
    Optional<Track> track = model.before(vmm.id(object));
    int hottest = hottest(track, stat, heat);
    for (int i = first(counts); i <= last(counts); i++) {
      lines.add(
          new Line()
              .add(Line.pad(Text.bucket(stat, i), bounds, false))
              .add(Line.pad(Long.toUnsignedString(counts[i]), samples, true) + " ")
              .add(
                  Line.pad(Sparkline.bar(Unsigned.toDouble(counts[i]), highest, bar), bar, false),
                  Style.GRAPH)
              .add("|", Style.FAINT)
              .add(heat(track, stat, i, heat, hottest), Style.GRAPH)
              .add("|", Style.FAINT));
    }
    return lines;
  }

  private static Line summary(Descriptor stat, long[] counts, double all) {
    Line line = new Line().add(String.format(Locale.ROOT, "%.0f samples", all), Style.STRONG);
    for (double quantile : QUANTILES) {
      double sum = 0;
      for (int i = 0; all > 0 && i < counts.length; i++) {
        sum += Unsigned.toDouble(counts[i]);
        if (sum >= quantile * all) {
          line.add(String.format(Locale.ROOT, "   p%.0f %s", quantile * 100, Text.below(stat, i)));
          break;
        }
      }
    }
    return line;
  }

  private static int first(long[] counts) {
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] != 0) {
        return i;
      }
    }
    return 0;
  }

  private static int last(long[] counts) {
    for (int i = counts.length - 1; i >= 0; i--) {
      if (counts[i] != 0) {
        return i;
      }
    }
    return -1;
  }

  private static int hottest(Optional<Track> track, Descriptor stat, int sweeps) {
    int hottest = 1;
    for (int bucket = 0; track.isPresent() && bucket < stat.size(); bucket++) {
      for (int ago = 1; ago <= sweeps; ago++) {
        hottest = Math.max(hottest, track.get().growth(stat.name(), bucket, ago));
      }
    }
    return hottest;
  }

  private static String heat(
      Optional<Track> track, Descriptor stat, int bucket, int sweeps, int hottest) {
    StringBuilder line = new StringBuilder();
    for (int ago = sweeps; ago >= 1; ago--) {
      int level = track.isPresent() ? track.get().growth(stat.name(), bucket, ago) : 0;
      line.append(Sparkline.shade(level, hottest));
    }
    return line.toString();
  }
}
