package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Debian's Prometheus, with storage of its own, which scrapes once a second. */
final class Prometheus implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Process process;
  private final int port;
  private final Path log;
  private final HttpClient client = HttpClient.newHttpClient();

  private Prometheus(Process process, int port, Path log) {
    this.process = process;
    this.port = port;
    this.log = log;
  }

  /**
   * Starts it, and waits until it answers.
   *
   * @param folder for its storage and configuration
   * @param target what it scrapes, HOST:PORT
   * @param configuration more of it, in YAML; empty for none
   * @param flags more of them
   */
  static Prometheus start(Path folder, String target, String configuration, String... flags)
      throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Path config = folder.resolve("prometheus.yml");
    Files.writeString(
        config,
        """
        global: {scrape_interval: 1s, evaluation_interval: 1s}
        scrape_configs:
          - job_name: kvmstats
            static_configs: [{targets: ['%s']}]
        """
                .replace("%s", target)
            + configuration);
    List<String> command =
        new ArrayList<>(
            List.of(
                "prometheus",
                "--config.file=" + config,
                "--storage.tsdb.path=" + folder.resolve("storage"),
                "--web.listen-address=127.0.0.1:" + port));
    command.addAll(List.of(flags));
    Path log = folder.resolve("prometheus.log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    Prometheus prometheus = new Prometheus(process, port, log);
    assertThat(App.eventually(prometheus::isReady)).as(Files.readString(log)).isTrue();
    return prometheus;
  }

  private boolean isReady() throws Exception {
    assertThat(process.isAlive()).as(Files.readString(log)).isTrue();
    return Files.readString(log).contains("Server is ready to receive web requests");
  }

  /** {@return the "data" that it answers with} */
  JsonNode api(String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/" + path))
            .timeout(PATIENCE)
            .build();
    HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
    JsonNode answer = JsonMapper.shared().readTree(response.body());
    assertThat(answer.get("status").asString()).as(response.body()).isEqualTo("success");
    return answer.get("data");
  }

  /** {@return the series that a query has now} */
  JsonNode query(String expression) throws Exception {
    return api("query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8))
        .get("result");
  }

  /** {@return the one number that a query has now; empty when it has none} */
  OptionalDouble value(String expression) throws Exception {
    JsonNode result = query(expression);
    assertThat(result.size()).as(expression + ": " + result).isLessThanOrEqualTo(1);
    return result.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(Double.parseDouble(result.get(0).get("value").get(1).asString()));
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
