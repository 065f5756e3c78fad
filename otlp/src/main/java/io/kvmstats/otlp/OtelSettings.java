package io.kvmstats.otlp;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What OpenTelemetry's environment variables say, by its specification.
 *
 * <p>Each method throws {@link IllegalArgumentException} with what is wrong. A value that may be a
 * secret is not in it.
 */
public final class OtelSettings {
  private static final String METRICS_PATH = "v1/metrics";
  private static final int ESCAPE_CHARACTERS = 3;

  private OtelSettings() {}

  /**
   * {@return what metrics are posted to by OTEL_EXPORTER_OTLP_ENDPOINT: a path below it}
   *
   * @param base such as {@code http://localhost:4318}
   */
  public static URI metricsEndpoint(String base) {
    URI uri = uri(base);
    String path = uri.getRawPath() == null ? "" : uri.getRawPath();
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    return uri(
        uri.getScheme()
            + "://"
            + uri.getRawAuthority()
            + path
            + (path.endsWith("/") ? "" : "/")
            + METRICS_PATH
            + query);
  }

  /** {@return an endpoint that is taken as it is} */
  public static URI uri(String text) {
    try {
      return new URI(text.strip());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("not a URI: " + e.getReason(), e);
    }
  }

  /**
   * {@return the headers of OTEL_EXPORTER_OTLP_HEADERS}
   *
   * @param text such as {@code authorization=Bearer%20s3cret,x-tenant=me}; values are
   *     percent-encoded
   */
  public static Map<String, String> headers(String text) {
    Map<String, String> headers = new LinkedHashMap<>();
    for (String pair : text.split(",", -1)) {
      if (pair.isBlank()) {
        continue;
      }
      int equals = pair.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException("the headers of OTLP are NAME=VALUE,NAME=VALUE");
      }
      headers.put(pair.substring(0, equals).strip(), decode(pair.substring(equals + 1).strip()));
    }
    return headers;
  }

  private static String decode(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < encoded.length; i++) {
      if (encoded[i] != '%') {
        bytes.write(encoded[i]);
        continue;
      }
      boolean isWhole =
          i + ESCAPE_CHARACTERS <= encoded.length
              && HexFormat.isHexDigit(encoded[i + 1])
              && HexFormat.isHexDigit(encoded[i + 2]);
      if (!isWhole) {
        throw new IllegalArgumentException(
            "a header of OTLP has a % without two hexadecimal digits behind it: % itself is %25");
      }
      bytes.write(
          HexFormat.fromHexDigit(encoded[i + 1]) << 4 | HexFormat.fromHexDigit(encoded[i + 2]));
      i += ESCAPE_CHARACTERS - 1;
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** {@return whether OTEL_EXPORTER_OTLP_COMPRESSION asks for gzip} */
  public static boolean gzip(String text) {
    return switch (text.strip()) {
      case "gzip" -> true;
      case "none", "" -> false;
      default ->
          throw new IllegalArgumentException("a compression of OTLP is gzip or none, not " + text);
    };
  }
}
