package io.kvmstats.cli;

import static java.util.stream.Collectors.toCollection;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is in monitoring/, and which metrics it asks for. */
final class Monitoring {
  static final Path FOLDER = App.HOME.resolve("monitoring");
  static final Path RULES = FOLDER.resolve("kvmstats-rules.yml");
  static final Path RULES_TEST = FOLDER.resolve("kvmstats-rules.test.yml");
  private static final Path DASHBOARD = FOLDER.resolve("grafana-dashboard.json");
  private static final Path DOCUMENT = App.HOME.resolve("docs/metrics.md");

  private static final Pattern METRIC = Pattern.compile("\\b(kvm_[a-z0-9_]+)");
  private static final Pattern DOCUMENTED = Pattern.compile("(?m)^\\| `(kvm_[a-z0-9_]+)` \\|");

  /** Of kvmstats itself, which have no column for architectures, or on all of these. */
  private static final Pattern EVERYWHERE =
      Pattern.compile("(?m)^\\| `(kvm_[a-z0-9_]+)` \\| \\w+ \\|(?: all \\|)? [^|]+ \\|$");

  private Monitoring() {}

  static JsonNode dashboard() throws Exception {
    return JsonMapper.shared().readTree(Files.readString(DASHBOARD));
  }

  /** {@return what all panels ask for} */
  static List<String> queries() throws Exception {
    List<String> queries = new ArrayList<>();
    for (JsonNode panel : dashboard().get("panels")) {
      for (JsonNode target : panel.path("targets")) {
        queries.add(target.get("expr").asString());
      }
    }
    return queries;
  }

  /** {@return the families that a text names: a histogram without the ending of its series} */
  static Set<String> families(String text) {
    return matches(METRIC, text.replace("_bucket", ""));
  }

  static Set<String> documented() throws Exception {
    return matches(DOCUMENTED, Files.readString(DOCUMENT));
  }

  /** {@return the families that are documented to be on every architecture} */
  static Set<String> everywhere() throws Exception {
    return matches(EVERYWHERE, Files.readString(DOCUMENT));
  }

  /** {@return a pattern's first group, wherever it matches} */
  static Set<String> matches(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .results()
        .map(match -> match.group(1))
        .collect(toCollection(TreeSet::new));
  }
}
