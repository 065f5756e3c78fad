package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code kvmstats serve} as a process, at a port of its own choice. */
final class Served implements AutoCloseable {
  private static final Pattern SERVES = Pattern.compile("serves http://127.0.0.1:([0-9]+)/metrics");
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Process process;
  private final Path log;
  private final HttpClient client = HttpClient.newHttpClient();
  private int port;

  private Served(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Starts it, and waits until it answers. */
  static Served start(Path folder, String... args) throws Exception {
    return start(folder, Map.of(), args);
  }

  /** The same, with variables of its own. */
  static Served start(Path folder, Map<String, String> environment, String... args)
      throws Exception {
    List<String> command =
        new ArrayList<>(App.command("serve", "--web.listen-address", "127.0.0.1:0"));
    command.addAll(List.of(args));
    Path log = Files.createTempFile(folder, "serve", ".log");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    Served served = new Served(process, log);
    assertThat(App.eventually(served::listens)).as(served.log()).isTrue();
    return served;
  }

  private boolean listens() throws Exception {
    assertThat(process.isAlive()).as(log()).isTrue();
    Matcher serves = SERVES.matcher(log());
    if (!serves.find()) {
      return false;
    }
    port = Integer.parseInt(serves.group(1));
    return true;
  }

  int port() {
    return port;
  }

  long pid() {
    return process.pid();
  }

  String log() throws Exception {
    return Files.readString(log);
  }

  HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).timeout(PATIENCE);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  /** {@return the metrics, of now} */
  String metrics() throws Exception {
    HttpResponse<String> response = get("/metrics");
    assertThat(response.statusCode()).isEqualTo(200);
    return response.body();
  }

  /** {@return a series' value; empty when it is not there} */
  Optional<Double> value(String series) throws Exception {
    return value(metrics(), series);
  }

  static Optional<Double> value(String metrics, String series) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(series + " "))
        .map(line -> Double.parseDouble(line.substring(series.length() + 1)))
        .findFirst();
  }

  @Override
  public void close() {
    client.close();
    process.destroy();
    assertThat(process.onExit().completeOnTimeout(null, 20, TimeUnit.SECONDS).join())
        .as("it ended")
        .isNotNull();
  }
}
