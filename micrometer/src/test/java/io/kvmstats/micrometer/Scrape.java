package io.kvmstats.micrometer;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a registry's document has, by name and labels as they stand there. */
final class Scrape {
  private static final Pattern SAMPLE = Pattern.compile("(\\w+)(\\{.*})? (\\S+)");

  private Scrape() {}

  static Map<String, Double> of(PrometheusMeterRegistry registry) {
    Map<String, Double> values = new TreeMap<>();
    registry
        .scrape()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(line -> {
          Matcher sample = SAMPLE.matcher(line);
          if (!sample.matches()
              || values.put(
                      sample.group(1) + (sample.group(2) == null ? "" : sample.group(2)),
                      Double.valueOf(sample.group(3)))
                  != null) {
            throw new AssertionError("no sample, or one that is there twice: " + line);
          }
        });
    return values;
  }
}
