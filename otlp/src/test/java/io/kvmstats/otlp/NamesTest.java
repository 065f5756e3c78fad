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

  private static Stream stream(CatalogEntry entry) {
    int exponent = entry.unit() == Unit.SECONDS ? -9 : 0;
    int size = entry.type().isHistogram() ? 2 : 1;
    int flags = Descriptor.flags(entry.type(), entry.unit(), Base.POW10);
    return Stream.of(entry.scope(), new Descriptor(entry.stat(), flags, exponent, size, 0, 1));
  }

  private String table() {
    Map<Row, TreeSet<String>> architectures = new HashMap<>();
    for (CatalogEntry entry : entries) {
      architectures
          .computeIfAbsent(new Row(stream(entry), entry.stat()), _ -> new TreeSet<>())
          .addAll(entry.architectures());
    }
    return architectures.entrySet().stream()
        .map(it -> {
          Stream stream = it.getKey().stream;
          return "| `%s` | %s | `%s` | `%s` | %s |\n"
              .formatted(
                  stream.name(),
                  stream.kind().word(),
                  stream.unit(),
                  it.getKey().stat,
                  String.join(" ", it.getValue()));
        })
        .sorted()
        .collect(joining("", HEAD, ""));
  }

  private record Row(Stream stream, String stat) {}

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
            String name = stream(entry).name();
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
      Stream stream = stream(entry);
      assertThat(stream.name())
          .matches("kvm\\.(vm|vcpu)(\\.[a-z0-9][a-z0-9_]*)+")
          .isEqualTo(stream.name().toLowerCase(Locale.ROOT));
      assertThat(Arrays.asList(stream.name().split("[._]", -1)))
          .as(stream.name())
          .doesNotContain("total", "ns", "hist", "");
      assertThat(stream.unit()).isIn("s", "ns", "By", "1", "{count}", "{cycle}");
    }
  }
}
