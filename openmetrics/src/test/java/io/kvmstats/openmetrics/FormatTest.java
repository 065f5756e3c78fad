package io.kvmstats.openmetrics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormatTest {
  /** What Prometheus 2.42 sends, with and without native histograms, and 3.x; browsers; others. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | TEXT",
        "*/* | TEXT",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8 | TEXT",
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
            + "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1 | OPENMETRICS",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
            + "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;"
            + "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1 | PROTOBUF",
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
            + "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2 | OPENMETRICS",
        "text/plain, application/openmetrics-text | TEXT",
        "text/plain;q=0.4, application/openmetrics-text; version=\"1.0.0\"; q=0.5 | OPENMETRICS",
        "application/openmetrics-text;q=0, text/plain;q=0.1 | TEXT",
        "application/openmetrics-text;version=2.0.0 | TEXT",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text | TEXT",
        "application/vnd.google.protobuf | TEXT",
        "APPLICATION/OPENMETRICS-TEXT;Q=1.0 | OPENMETRICS",
        "application/openmetrics-text;q=nan,text/plain;q=-1 | TEXT",
        "application/openmetrics-text;q=1e9,text/*;q=.1 | TEXT",
        "';,=;;q=,,/;q=1;version' | TEXT",
      })
  void theBestThatThereIs(String accept, Format format) {
    assertThat(Format.accepted(accept)).isEqualTo(format);
  }
}
