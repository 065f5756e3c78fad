package io.kvmstats.openmetrics;

import io.kvmstats.core.model.Scale;
import java.util.SortedMap;
import java.util.TreeMap;

/** Counts the series that the text format has, and writes nothing. */
final class SeriesCount implements Output {
  private final SortedMap<String, Integer> series = new TreeMap<>();
  private String family = "";

  SortedMap<String, Integer> series() {
    return series;
  }

  @Override
  public void begin(Family next) {
    family = next.seriesName();
  }

  @Override
  public void value(Labels labels, long raw, Scale scale, long createdMillis) {
    series.merge(family, 1, Integer::sum);
  }

  @Override
  public void histogram(Labels labels, Histogram histogram, long createdMillis) {
    int lines = histogram.buckets().classic() + 1 + (histogram.hasSum() ? 1 : 0);
    series.merge(family, lines, Integer::sum);
  }

  @Override
  public void end() {}

  @Override
  public void finish() {}
}
