package io.kvmstats.otlp;

import io.kvmstats.core.text.Text;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Where to push to, and how often.
 *
 * @param endpoint what is posted to, as it is; {@link OtelSettings#metricsEndpoint} makes one of a
 *     base
 * @param headers sent with each request; their values may be secrets and are never said
 * @param interval from one push to the next
 * @param timeout of one try, from connecting to the answer's end
 * @param gzip whether requests are compressed
 */
public record Target(
    URI endpoint, Map<String, String> headers, Duration interval, Duration timeout, boolean gzip) {

  /** OpenTelemetry's default for {@code interval}. */
  public static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(60);

  /** OpenTelemetry's default for {@code timeout}. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  /** RFC 9110's tokens, and what may stand in a value. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");

  private static final Pattern VALUE = Pattern.compile("[\\x20-\\x7e\\t]*");

  private static final Set<String> OURS =
      Set.of(
          "connection",
          "content-encoding",
          "content-length",
          "content-type",
          "host",
          "transfer-encoding",
          "user-agent");

  private static final Duration LONGEST = Duration.ofDays(1);

  /**
   * Checks it.
   *
   * @throws IllegalArgumentException when no request could be sent there, with the reason
   */
  public Target {
    headers = Map.copyOf(headers);
    check("interval", interval);
    check("timeout", timeout);
    boolean isHttp =
        "http".equalsIgnoreCase(endpoint.getScheme())
            || "https".equalsIgnoreCase(endpoint.getScheme());
    if (!isHttp || endpoint.getHost() == null || endpoint.getRawUserInfo() != null) {
      // What it is instead may have a secret in it.
      throw new IllegalArgumentException(
          "an OTLP endpoint is http://HOST:PORT/PATH or https://..., without a user");
    }
    headers.forEach(Target::check);
  }

  private static void check(String name, Duration duration) {
    if (!duration.isPositive() || duration.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "the " + name + " of OTLP is more than 0 and at most a day, not " + duration);
    }
  }

  private static void check(String name, String value) {
    if (!NAME.matcher(name).matches() || !VALUE.matcher(value).matches()) {
      throw new IllegalArgumentException("a header of OTLP can't be sent: " + Text.printable(name));
    }
    if (OURS.contains(name.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException("a header of OTLP is not for others to set: " + name);
    }
  }

  /** {@return the endpoint without its query, which may have a secret in it} */
  String shown() {
    return endpoint.getScheme() + "://" + endpoint.getRawAuthority() + endpoint.getRawPath();
  }

  @Override
  public String toString() {
    return shown() + " every " + interval.toMillis() / 1000.0 + " s";
  }
}
