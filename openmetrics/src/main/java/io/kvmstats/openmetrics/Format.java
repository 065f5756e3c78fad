package io.kvmstats.openmetrics;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a scrape is written as. */
public enum Format {
  /** Prometheus's text format, which everybody reads. */
  TEXT("text/plain; version=0.0.4; charset=utf-8"),
  /** OpenMetrics 1.0. */
  OPENMETRICS("application/openmetrics-text; version=1.0.0; charset=utf-8"),
  /** Prometheus's messages: the only ones with native histograms. */
  PROTOBUF(
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily;"
          + " encoding=delimited");

  private final String contentType;

  Format(String contentType) {
    this.contentType = contentType;
  }

  /** {@return the value of the Content-Type header} */
  public String contentType() {
    return contentType;
  }

  /**
   * {@return the format that a client likes best of those there are, the first one of equals;
   * {@link #TEXT} when it accepts none, or does not say}
   *
   * @param accept an Accept header, of anybody's
   */
  public static Format accepted(String accept) {
    Format best = TEXT;
    double bestQuality = 0;
    for (String range : accept.toLowerCase(Locale.ROOT).split(",", -1)) {
      String[] parts = range.split(";", -1);
      Map<String, String> parameters = new HashMap<>();
      for (int i = 1; i < parts.length; i++) {
        String[] pair = parts[i].split("=", 2);
        String value = pair.length == 2 ? pair[1].strip() : "";
        parameters.put(pair[0].strip(), value.replaceFirst("^\"(.*)\"$", "$1"));
      }
      Format format = named(parts[0].strip(), parameters);
      double quality = quality(parameters.getOrDefault("q", "1"));
      if (format != null && quality > bestQuality) {
        best = format;
        bestQuality = quality;
      }
    }
    return best;
  }

  private static @Nullable Format named(String type, Map<String, String> parameters) {
    String version = parameters.getOrDefault("version", "");
    return switch (type) {
      case "application/vnd.google.protobuf" ->
          "io.prometheus.client.metricfamily".equals(parameters.get("proto"))
                  && "delimited".equals(parameters.get("encoding"))
              ? PROTOBUF
              : null;
      case "application/openmetrics-text" ->
          version.isEmpty() || version.equals("1.0.0") ? OPENMETRICS : null;
      case "text/plain" -> version.isEmpty() || version.equals("0.0.4") ? TEXT : null;
      case "text/*", "*/*" -> TEXT;
      default -> null;
    };
  }

  /** {@return how well a range is liked, from 0 to 1; 0 when that is no number} */
  private static double quality(String text) {
    return text.matches("[01](\\.[0-9]{0,3})?") ? Math.min(Double.parseDouble(text), 1) : 0;
  }
}
