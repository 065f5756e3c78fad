package io.kvmstats.openmetrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * docs/metrics.md lists every metric that the catalog's statistics make.
 *
 * <p>{@code -Dkvmstats.golden=write} writes the tables anew.
 */
class MetricsDocumentTest {
  private static final Path FILE = Path.of("../docs/metrics.md");
  private static final String START = "<!-- From here on";

  private final Catalog catalog = Catalog.load();

  @Test
  void theTablesAreTheCatalogs() throws Exception {
    String before = Files.readString(FILE);
    String prose = before.substring(0, before.indexOf('\n', before.indexOf(START)) + 1);
    String now = prose + tables();
    if ("write".equals(System.getProperty("kvmstats.golden"))) {
      Files.writeString(FILE, now);
    }
    assertThat(Files.readString(FILE)).isEqualTo(now);
  }

  private String tables() {
    StringBuilder out = new StringBuilder();
    out.append("\nOf kvmstats itself, and of each VM:\n\n| metric | type | what |\n");
    out.append("| --- | --- | --- |\n");
    for (Family family : OwnFamily.all()) {
      out.append("| `" + family.seriesName() + "` | " + family.kind().textWord() + " | ");
      out.append(family.help() + " |\n");
    }
    for (Scope scope : Scope.values()) {
      out.append(scope == Scope.VM ? "\nOf each VM:\n\n" : "\nOf each vCPU:\n\n");
      out.append("| metric | type | architectures | what |\n| --- | --- | --- | --- |\n");
      rows(scope).values().forEach(row -> out.append(row).append('\n'));
    }
    return out.toString();
  }

  /** A statistic that means the same everywhere is one row. */
  private SortedMap<String, String> rows(Scope scope) {
    Map<String, Set<String>> architectures = new HashMap<>();
    Map<String, Family> families = new HashMap<>();
    for (CatalogEntry entry : catalog.entries()) {
      if (entry.scope() == scope) {
        Family family = Names.family(entry);
        String key = family.seriesName() + " " + family.help();
        families.put(key, family);
        architectures.computeIfAbsent(key, _ -> new TreeSet<>()).addAll(entry.architectures());
      }
    }
    SortedMap<String, String> rows = new TreeMap<>();
    families.forEach((key, family) -> {
      Set<String> all = architectures.get(key);
      rows.put(
          key,
          String.format(
              Locale.ROOT,
              "| `%s` | %s | %s | %s |",
              family.seriesName(),
              family.kind().openMetricsWord(),
              all.size() == 8 ? "all" : String.join(", ", all),
              family.help().replace("|", "\\|")));
    });
    return rows;
  }

  @Test
  void aPeakSaysSo() {
    assertThat(catalog.entries().stream().map(Names::family))
        .filteredOn(family -> family.kind() == Kind.PEAK)
        .isNotEmpty()
        .allSatisfy(family -> assertThat(family.help()).contains("so far"));
  }

  /** No statistic of any kernel's needs a suffix, or is the reason that another one has one. */
  @Test
  void noTwoOfTheKernelsClash() {
    Map<String, Family> owners = new TreeMap<>();
    List<Family> all = new ArrayList<>(OwnFamily.all());
    catalog.entries().stream().map(Names::family).forEach(all::add);
    for (Family family : all) {
      for (String name : family.names()) {
        Family other = owners.putIfAbsent(name, family);
        assertThat(other == null || other.isLike(family)).as("%s and %s", family, other).isTrue();
      }
    }
  }
}
