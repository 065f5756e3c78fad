package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What the dashboard and the alerts ask Prometheus for, when real guests are scraped. */
class MonitoringIT {
  /** As Grafana escapes it, the one that is chosen there. */
  private static final String CHOSEN = "web.1";

  private static final String CHOSEN_ESCAPED = "web\\\\.1";

  private static final String OTHER = "web-1";
  private static final Pattern LABEL_VALUES = Pattern.compile("label_values\\((.*), (\\w+)\\)");
  private static final Pattern EXPORTED = Pattern.compile("(?m)^# TYPE (\\w+) ");

  @TempDir private Path folder;
  private String detail;
  private String instance;
  private Set<String> exported;
  private Set<String> everywhere;

  /** A query that finds nothing is one for what the detail, or this kernel, has not. */
  @ParameterizedTest
  @ValueSource(strings = {"vm", "vcpu", "histograms"})
  void everyQueryFindsWhatIsThere(String atDetail) throws Exception {
    App.assumeKvm();
    App.assumeCommand("prometheus");
    detail = atDetail;
    everywhere = Monitoring.everywhere();
    try (GuestProcess chosen = GuestProcess.start(CHOSEN, List.of(Life.HALT, Life.PORT_IO));
        GuestProcess other = GuestProcess.start(OTHER, List.of(Life.HALT))) {
      chosen.awaitRunning();
      other.awaitRunning();
      try (Served served = Served.start(folder, "--broker", "none", "--detail", detail)) {
        instance = "127.0.0.1:" + served.port();
        exported = Monitoring.matches(EXPORTED, served.metrics());
        try (Prometheus prometheus =
            Prometheus.start(folder, instance, "rule_files: ['" + Monitoring.RULES + "']\n")) {
          variables(prometheus);
          for (String query : Monitoring.queries()) {
            String found = find(prometheus, substitute(query));
            assertThat(found).as(query).doesNotContain(OTHER);
          }
          alerts(prometheus);
        }
      }
    }
  }

  private void variables(Prometheus prometheus) throws Exception {
    Map<String, String> wanted = Map.of("instance", instance, "vm", CHOSEN);
    for (JsonNode variable : Monitoring.dashboard().get("templating").get("list")) {
      String query = variable.get("query").asString();
      Matcher values = LABEL_VALUES.matcher(query);
      if (values.matches()) {
        String path = "label/" + values.group(2) + "/values?match%5B%5D=" + encode(values.group(1));
        String value = '"' + wanted.get(variable.get("name").asString()) + '"';
        assertThat(App.eventually(() -> prometheus.api(path).toString().contains(value)))
            .as("%s has %s", query, value)
            .isTrue();
      }
    }
  }

  private String encode(String selector) {
    return URLEncoder.encode(substitute(selector), StandardCharsets.UTF_8);
  }

  private String substitute(String query) {
    return query
        .replace("$instance", instance)
        .replace("$vm", CHOSEN_ESCAPED)
        .replace("$__rate_interval", "10s");
  }

  /** Their conditions turned into numbers, which there are of what is well, too. */
  private void alerts(Prometheus prometheus) throws Exception {
    List<JsonNode> rules = prometheus.api("rules").findValues("query");
    assertThat(rules).isNotEmpty();
    for (JsonNode rule : rules) {
      String condition = rule.asString();
      String numbers =
          condition
              .replaceAll(" (>|==) ", " $1 bool ")
              .replace(" offset 1d", ""); // There was no yesterday.
      assertThat(numbers).contains(" bool ");
      find(prometheus, numbers);
    }
    assertThat(
            App.eventually(() ->
                prometheus.api("rules").findValues("health").stream()
                    .allMatch(health -> health.asString().equals("ok"))))
        .as(prometheus.api("rules").toString())
        .isTrue();
  }

  /** {@return what a query finds, once it finds something, if it has to} */
  private String find(Prometheus prometheus, String query) throws Exception {
    boolean asksForMore =
        (detail.equals("vm") && query.contains("vcpu!=\"\""))
            || (!detail.equals("histograms") && query.contains("_bucket"));
    Set<String> families = Monitoring.families(query);
    boolean isThere =
        !asksForMore && (everywhere.containsAll(families) || exported.containsAll(families));
    assertThat(App.eventually(() -> prometheus.query(query).isEmpty() != isThere))
        .as("%s finds something: %s", query, isThere)
        .isTrue();
    return prometheus.query(query).toString();
  }
}
