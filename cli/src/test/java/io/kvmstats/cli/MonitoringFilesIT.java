package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The files in monitoring/, each by itself. */
class MonitoringFilesIT {
  private static final Pattern ALERT = Pattern.compile("alert: (\\w+)");
  private static final Pattern YAML = Pattern.compile("(?s)```yaml\n(.*?)```");
  private static final Pattern VARIABLE = Pattern.compile("\\$(\\w+)");
  private static final String DATASOURCE = "${datasource}";
  private static final int GRID_WIDTH = 24;

  @TempDir private Path folder;

  @Test
  void eachAlertFiresWhenItShallAndNotElse() throws Exception {
    App.assumeCommand("promtool");
    promtool("check", "rules", "--lint-fatal", Monitoring.RULES.toString());
    promtool("test", "rules", Monitoring.RULES_TEST.toString());
    String tests = Files.readString(Monitoring.RULES_TEST);
    assertThat(Monitoring.matches(ALERT, Files.readString(Monitoring.RULES)))
        .isNotEmpty()
        .allSatisfy(alert ->
            assertThat(tests)
                .as("a time when %s does not fire, and one when it does", alert)
                .containsPattern("alertname: " + alert + "\n +eval_time: .*\n +- alertname")
                .containsPattern("alertname: " + alert + "\n +eval_time: .*\n +exp_alerts:"));
  }

  @Test
  void theDocumentsConfigurationsAreValid() throws Exception {
    App.assumeCommand("promtool");
    Set<String> examples =
        Monitoring.matches(YAML, Files.readString(App.HOME.resolve("docs/monitoring.md")));
    assertThat(examples).isNotEmpty();
    for (String example : examples) {
      Path config = Files.writeString(folder.resolve("prometheus.yml"), example);
      promtool("check", "config", "--syntax-only", config.toString());
    }
  }

  private static void promtool(String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of("promtool"));
    command.addAll(List.of(args));
    App.Result result = App.run(command);
    assertThat(result.exit()).as(result.out() + result.err()).isZero();
  }

  @Test
  void everyMetricIsDocumented() throws Exception {
    String all = Files.readString(Monitoring.RULES) + Monitoring.queries();
    assertThat(Monitoring.families(all)).isSubsetOf(Monitoring.documented());
  }

  @Test
  void theDashboardIsWhole() throws Exception {
    JsonNode dashboard = Monitoring.dashboard();
    Set<String> variables = new TreeSet<>(Set.of("__rate_interval"));
    for (JsonNode variable : dashboard.get("templating").get("list")) {
      variables.add(variable.get("name").asString());
    }
    Set<Integer> ids = new HashSet<>();
    Set<String> titles = new HashSet<>();
    Set<List<Integer>> taken = new HashSet<>();
    for (JsonNode panel : dashboard.get("panels")) {
      String title = panel.get("title").asString();
      assertThat(title).isNotBlank();
      assertThat(titles.add(title)).as("only one is called %s", title).isTrue();
      assertThat(ids.add(panel.get("id").asInt())).as("%s has an id of its own", title).isTrue();
      take(taken, panel.get("gridPos"), title);
      if (!panel.get("type").asString().equals("row")) {
        checkPanel(panel, title, variables);
      }
    }
  }

  private static void take(Set<List<Integer>> taken, JsonNode at, String title) {
    int left = at.get("x").asInt();
    int right = left + at.get("w").asInt();
    int top = at.get("y").asInt();
    assertThat(right).as(title).isBetween(left + 1, GRID_WIDTH);
    for (int x = left; x < right; x++) {
      for (int y = top; y < top + at.get("h").asInt(); y++) {
        assertThat(taken.add(List.of(x, y))).as("%s lies on no other panel", title).isTrue();
      }
    }
  }

  private static void checkPanel(JsonNode panel, String title, Set<String> variables) {
    assertThat(panel.get("description").asString()).as(title).endsWith(".");
    assertThat(panel.at("/datasource/uid").asString()).as(title).isEqualTo(DATASOURCE);
    boolean isHeatmap = panel.get("type").asString().equals("heatmap");
    String unit = isHeatmap ? "/options/yAxis/unit" : "/fieldConfig/defaults/unit";
    assertThat(panel.at(unit).asString("")).as("%s's unit", title).isNotBlank();
    assertThat(panel.get("targets").size()).as(title).isPositive();
    Set<String> ids = new HashSet<>();
    for (JsonNode target : panel.get("targets")) {
      assertThat(ids.add(target.get("refId").asString())).as("%s's refIds", title).isTrue();
      assertThat(target.at("/datasource/uid").asString()).as(title).isEqualTo(DATASOURCE);
      assertThat(Monitoring.matches(VARIABLE, target.get("expr").asString()))
          .as(title)
          .isNotEmpty()
          .isSubsetOf(variables);
    }
  }
}
