package io.kvmstats.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OtelSettingsTest {
  @Test
  void metricsHaveAPathBelowTheBase() {
    assertThat(OtelSettings.metricsEndpoint("http://localhost:4318"))
        .hasToString("http://localhost:4318/v1/metrics");
    assertThat(OtelSettings.metricsEndpoint(" https://[::1]:1/ "))
        .hasToString("https://[::1]:1/v1/metrics");
    assertThat(OtelSettings.metricsEndpoint("https://h/otlp%2F?k=%26"))
        .hasToString("https://h/otlp%2F/v1/metrics?k=%26");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OtelSettings.metricsEndpoint("http://a b"))
        .withMessageContaining("not a URI");
  }

  @Test
  void headersAreDecoded() {
    assertThat(OtelSettings.headers(" authorization = Bearer%20s%3D+%C3%A4, x-tenant=a=b,,e="))
        .isEqualTo(Map.of("authorization", "Bearer s=+ä", "x-tenant", "a=b", "e", ""));
    for (String wrong :
        new String[] {"s3cret", "=s3cret", "a=s3cret%", "a=s3cret%2", "a=%zzs3cret"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> OtelSettings.headers(wrong))
          .withMessageNotContaining("s3cret");
    }
  }

  @Test
  void compressionIsGzipOrNone() {
    assertThat(OtelSettings.gzip("gzip")).isTrue();
    assertThat(OtelSettings.gzip("none")).isFalse();
    assertThatIllegalArgumentException().isThrownBy(() -> OtelSettings.gzip("zstd"));
  }

  private static Target target(String endpoint, Map<String, String> headers, Duration interval) {
    return new Target(URI.create(endpoint), headers, interval, Target.DEFAULT_TIMEOUT, true);
  }

  @Test
  void whatCantBeSentToIsSaidBeforeItIsTried() {
    for (String wrong :
        new String[] {"ftp://h/", "http:///x", "localhost:4318", "http://u:s3cret@h/"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> target(wrong, Map.of(), Target.DEFAULT_INTERVAL))
          .withMessageContaining("an OTLP endpoint")
          .withMessageNotContaining("s3cret");
    }
    for (Map<String, String> wrong :
        java.util.List.of(
            Map.of("a b", "s3cret"), Map.of("a", "s3cret\r\nb: c"), Map.of("Host", "s3cret"))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> target("http://h", wrong, Target.DEFAULT_INTERVAL))
          .withMessageContaining("a header of OTLP")
          .withMessageNotContaining("s3cret")
          .withNoCause();
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> target("http://h", Map.of(), Duration.ZERO))
        .withMessageContaining("interval");
    assertThat(target("http://h/x?s3cret", Map.of("a", "s3cret"), Target.DEFAULT_INTERVAL))
        .hasToString("http://h/x every 60.0 s");
  }
}
