package io.kvmstats.otlp;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Unit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The names that docs/otlp.md has. */
class NamesTest {
  private static final Path FILE = Path.of("../docs/otlp.md");
  private static final boolean IS_WRITING = "write".equals(System.getProperty("kvmstats.golden"));
  private static final String HEAD =
      """
      | metric | kind | unit | statistic | architectures |
      | --- | --- | --- | --- | --- |
      """;

  private final List<CatalogEntry> entries = Catalog.load().entries();

  private static MetricIdentity metric(CatalogEntry entry) {
    int exponent = entry.unit() == Unit.SECONDS ? -9 : 0;
    int size = entry.type().isHistogram() ? 2 : 1;
    int flags = Descriptor.flags(entry.type(), entry.unit(), Base.POW10);
    return MetricIdentity.of(
        entry.scope(), new Descriptor(entry.stat(), flags, exponent, size, 0, 1));
  }

  private String table() {
    Map<Row, TreeSet<String>> architectures = new HashMap<>();
    for (CatalogEntry entry : entries) {
      architectures
          .computeIfAbsent(new Row(metric(entry), entry.stat()), _ -> new TreeSet<>())
          .addAll(entry.architectures());
    }
    return architectures.entrySet().stream()
        .map(it -> {
          MetricIdentity metric = it.getKey().metric;
          return "| `%s` | %s | `%s` | `%s` | %s |\n"
              .formatted(
                  metric.name(),
                  metric.kind().word(),
                  metric.unit(),
                  it.getKey().stat,
                  String.join(" ", it.getValue()));
        })
        .sorted()
        .collect(joining("", HEAD, ""));
  }

  private record Row(MetricIdentity metric, String stat) {}

  @Test
  void areThoseOfTheDocument() throws IOException {
    String document = Files.readString(FILE);
    int start = document.indexOf(HEAD);
    String text = start < 0 ? document : document.substring(0, start);
    if (IS_WRITING) {
      Files.writeString(FILE, text + table());
    }
    assertThat(Files.readString(FILE)).isEqualTo(text + table());
  }

  @Test
  void noTwoStatisticsOfAnArchitectureShareOne() {
    for (Scope scope : Scope.values()) {
      Map<String, String> names = new HashMap<>();
      for (CatalogEntry entry : entries) {
        for (String architecture : entry.architectures()) {
          if (entry.scope() == scope) {
            String name = metric(entry).name();
            String before = names.put(architecture + " " + name, entry.stat());
            assertThat(before).as(architecture + " " + name).isIn(null, entry.stat());
          }
        }
      }
    }
  }

  /** OpenTelemetry's rules for names and UCUM's for units, as far as they can be tested. */
  @Test
  void keepToTheRules() {
    for (CatalogEntry entry : entries) {
      MetricIdentity metric = metric(entry);
      assertThat(metric.name())
          .matches("kvm\\.(vm|vcpu)(\\.[a-z0-9][a-z0-9_]*)+")
          .isEqualTo(metric.name().toLowerCase(Locale.ROOT));
      assertThat(Arrays.asList(metric.name().split("[._]", -1)))
          .as(metric.name())
          .doesNotContain("total", "ns", "hist", "");
      assertThat(metric.unit()).isIn("s", "ns", "By", "1", "{count}", "{cycle}");
    }
  }
}
