package io.kvmstats.otlp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.HttpRetryException;
import java.net.HttpURLConnection;
import java.net.ProtocolException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Posts requests. The receiver may be anybody: an answer has a limit in time and one in length, and
 * sends us nowhere else.
 *
 * <p>By the JDK's older client, since the newer one takes several times its memory. It has no limit
 * on the time that all of a try takes; so each has a virtual thread, whose socket an interruption
 * closes wherever it waits.
 */
final class Transport {
  private static final int ANSWER_BYTES_MAX = 1 << 16;

  /** Beyond this nobody decides when we come back. */
  private static final Duration AFTER_MAX = Duration.ofMinutes(10);

  private static final String PROTOBUF = "application/x-protobuf";

  private static final int OK_FROM = 200;
  private static final int REDIRECT_FROM = 300;
  private static final int ERROR_FROM = 400;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int BAD_GATEWAY = 502;
  private static final int UNAVAILABLE = 503;
  private static final int GATEWAY_TIMEOUT = 504;

  private final Target target;
  private final String agent;

  /**
   * Connects to nobody yet.
   *
   * @param version of this program
   */
  Transport(Target target, String version) {
    this.target = target;
    this.agent = "kvmstats/" + version;
  }

  /**
   * Tries once.
   *
   * @param limit how long that may take, to the answer's end
   * @param stop ends it before
   */
  Outcome post(byte[] body, Duration limit, CompletableFuture<?> stop) {
    if (!limit.isPositive()) {
      return later("no time is left for a try");
    }
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    Thread exchange =
        Thread.ofVirtual()
            .name("otlp-post")
            .start(() -> {
              try {
                outcome.complete(exchange(target.gzip() ? gzip(body) : body));
              } catch (RuntimeException e) {
                outcome.complete(later(reason(e)));
              }
            });
    try {
      CompletableFuture.anyOf(outcome, stop).get(limit.toNanos(), TimeUnit.NANOSECONDS);
      return outcome.getNow(later("it was ended"));
    } catch (TimeoutException e) {
      return later("no answer in time");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // For who waits next.
      return later("it was ended");
    } catch (ExecutionException e) {
      throw new AssertionError("both are completed in one way alone", e);
    } finally {
      exchange.interrupt();
    }
  }

  private Outcome exchange(byte[] body) {
    HttpURLConnection connection = null;
    try {
      connection = (HttpURLConnection) target.endpoint().toURL().openConnection();
      connection.setInstanceFollowRedirects(false);
      connection.setRequestMethod("POST");
      connection.setDoOutput(true);
      // Also sees to it that the JDK does not send it twice.
      connection.setFixedLengthStreamingMode(body.length);
      target.headers().forEach(connection::setRequestProperty);
      connection.setRequestProperty("Content-Type", PROTOBUF);
      connection.setRequestProperty("User-Agent", agent);
      if (target.gzip()) {
        connection.setRequestProperty("Content-Encoding", "gzip");
      }
      try (OutputStream out = connection.getOutputStream()) {
        out.write(body);
      }
      return outcome(connection, connection.getResponseCode());
    } catch (HttpRetryException e) {
      return new Outcome.Refused("the answer is " + e.responseCode());
    } catch (IOException e) {
      if (connection != null) {
        connection.disconnect();
      }
      return later(reason(e));
    }
  }

  private static Outcome later(String reason) {
    return new Outcome.Later(reason, Optional.empty());
  }

  private static Outcome outcome(HttpURLConnection answer, int status) throws IOException {
    if (status < 0) {
      throw new ProtocolException("the answer is not HTTP's");
    }
    byte[] said = body(status < ERROR_FROM ? answer.getInputStream() : answer.getErrorStream());
    byte[] body = PROTOBUF.equals(answer.getContentType()) ? said : new byte[0];
    if (status >= OK_FROM && status < REDIRECT_FROM) {
      return new Outcome.Taken(Answer.complaint(body));
    }
    String message = Answer.message(body);
    String reason = "the answer is " + status + (message.isEmpty() ? "" : ": " + message);
    return switch (status) {
      case TOO_MANY_REQUESTS, BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT ->
          new Outcome.Later(reason, after(answer.getHeaderField("Retry-After")));
      default ->
          new Outcome.Refused(
              status < ERROR_FROM ? reason + ", and no redirection is followed" : reason);
    };
  }

  private static byte[] body(@Nullable InputStream in) throws IOException {
    if (in == null) {
      return new byte[0];
    }
    try (in) {
      byte[] body = in.readNBytes(ANSWER_BYTES_MAX + 1);
      if (body.length > ANSWER_BYTES_MAX) {
        throw new ProtocolException("the answer is longer than " + ANSWER_BYTES_MAX + " bytes");
      }
      return body;
    }
  }

  /** {@return when the receiver wants to see us again, where it says so in one of HTTP's ways} */
  private static Optional<Duration> after(@Nullable String said) {
    return Optional.ofNullable(said)
        .flatMap(Transport::duration)
        .filter(Duration::isPositive)
        .map(wanted -> wanted.compareTo(AFTER_MAX) < 0 ? wanted : AFTER_MAX);
  }

  private static Optional<Duration> duration(String text) {
    try {
      return Optional.of(Duration.ofSeconds(Long.parseLong(text.strip())));
    } catch (NumberFormatException e) {
      return untilDate(text);
    }
  }

  private static Optional<Duration> untilDate(String text) {
    try {
      ZonedDateTime then = ZonedDateTime.parse(text.strip(), DateTimeFormatter.RFC_1123_DATE_TIME);
      return Optional.of(Duration.between(ZonedDateTime.now(then.getZone()), then));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private static String reason(Throwable cause) {
    String kind = cause.getClass().getSimpleName();
    String message = cause.getMessage();
    return message == null ? kind : Answer.shown(kind + ": " + message);
  }

  private static byte[] gzip(byte[] body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(body);
    } catch (IOException e) {
      throw new UncheckedIOException("no memory to write to fails", e);
    }
    return bytes.toByteArray();
  }
}
