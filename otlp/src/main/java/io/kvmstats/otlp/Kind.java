package io.kvmstats.otlp;

import io.kvmstats.core.model.Descriptor;

/** What a metric's points are, by OTLP. */
enum Kind {
  /** Cumulative and monotonic. */
  SUM("sum", 7, 7),
  /**
   * What is so at the time of reading. A sum that may fall would say that the values of two vCPUs
   * mean something when they are added, and a schema does not tell whether they do.
   */
  GAUGE("gauge", 5, 7),
  /** Of buckets with bounds of their own. */
  HISTOGRAM("histogram", 9, 9),
  EXPONENTIAL_HISTOGRAM("exponential histogram", 10, 1);

  private final String word;
  private final int field;
  private final int attributesField;

  Kind(String word, int field, int attributesField) {
    this.word = word;
    this.field = field;
    this.attributesField = attributesField;
  }

  static Kind of(Descriptor stat) {
    return switch (stat.type()) {
      case CUMULATIVE -> SUM;
      case INSTANT, PEAK, UNKNOWN -> GAUGE;
      case LINEAR_HISTOGRAM -> HISTOGRAM;
      // A bucket that is the first and the last one is that of zero, and has no end.
      case LOG_HISTOGRAM -> stat.size() > 1 ? EXPONENTIAL_HISTOGRAM : HISTOGRAM;
    };
  }

  /** {@return OTLP's word for it} */
  String word() {
    return word;
  }

  /** {@return the number of the field of Metric that has the points} */
  int field() {
    return field;
  }

  /** {@return the number of the field of such a point that has its attributes} */
  int attributesField() {
    return attributesField;
  }
}
