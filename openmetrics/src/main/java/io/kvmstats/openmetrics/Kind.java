package io.kvmstats.openmetrics;

import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.util.List;

/** What a family's numbers are. */
enum Kind {
  COUNTER("counter", "cumulative"),
  GAUGE("gauge", "instant"),
  /** A gauge of the largest value so far: no sum of two is one. */
  PEAK("gauge", "peak"),
  /** A gauge that is 0 or 1. */
  BOOLEAN("gauge", "boolean"),
  UNKNOWN("unknown", "untyped"),
  HISTOGRAM("histogram", "histogram"),
  /** Always 1: what it says is in its labels. */
  INFO("info", "info");

  private final String openMetricsWord;
  private final String suffix;

  Kind(String openMetricsWord, String suffix) {
    this.openMetricsWord = openMetricsWord;
    this.suffix = suffix;
  }

  static Kind of(StatType type, Unit unit) {
    if (unit == Unit.BOOLEAN && !type.isHistogram()) {
      return BOOLEAN;
    }
    return switch (type) {
      case CUMULATIVE -> COUNTER;
      case INSTANT -> GAUGE;
      case PEAK -> PEAK;
      case LINEAR_HISTOGRAM, LOG_HISTOGRAM -> HISTOGRAM;
      case UNKNOWN -> UNKNOWN;
    };
  }

  /** {@return OpenMetrics's word for it} */
  String openMetricsWord() {
    return openMetricsWord;
  }

  /** {@return the text format's word for it, which knows no info} */
  String textWord() {
    return switch (this) {
      case INFO -> "gauge";
      case UNKNOWN -> "untyped";
      default -> openMetricsWord;
    };
  }

  /** {@return what tells a family of this kind from one of another that has its name} */
  String suffix() {
    return suffix;
  }

  /** {@return what the names of its samples may end with, behind the family's} */
  List<String> sampleSuffixes() {
    return switch (this) {
      case COUNTER -> List.of("_total", "_created");
      case HISTOGRAM -> List.of("_bucket", "_sum", "_count", "_created");
      case INFO -> List.of("_info");
      case GAUGE, PEAK, BOOLEAN, UNKNOWN -> List.of();
    };
  }
}
