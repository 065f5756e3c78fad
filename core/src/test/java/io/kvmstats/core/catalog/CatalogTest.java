package io.kvmstats.core.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.statsfd.ByteSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The catalog knows every statistic of x86, and says of each what it should. */
class CatalogTest {
  private final Catalog catalog = Catalog.load();

  /** The list that the decoder's golden test uses: Linux 6.12's, from its source. */
  private static List<String> x86() throws IOException {
    try (InputStream in = ByteSource.class.getResourceAsStream("x86.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    }
  }

  @Test
  void everyStatisticOfX86IsExplained() throws IOException {
    for (String line : x86()) {
      String[] column = line.split(" ", -1);
      CatalogEntry entry = catalog.find(column[1], Scope.valueOf(column[0]), "amd64").orElseThrow();
      assertThat(entry.meaning()).as(entry.stat()).hasSizeGreaterThan(20).endsWith(".");
      entry.high().ifPresent(high -> assertThat(high).as(entry.stat()).endsWith("."));
      boolean histogram = (Integer.decode(column[2]) & 0xf) >= 3;
      assertThat(entry.sum().isPresent()).as(entry.stat()).isEqualTo(histogram);
      entry
          .sum()
          .ifPresent(sum -> assertThat(catalog.find(sum, entry.scope(), "amd64")).isPresent());
    }
  }

  @Test
  void noStatisticIsExplainedTwice() throws IOException {
    Set<String> seen = new HashSet<>();
    for (CatalogEntry entry : catalog.entries()) {
      for (String architecture : entry.architectures()) {
        assertThat(seen.add(entry.scope() + " " + entry.stat() + " " + architecture))
            .as(entry.stat() + " on " + architecture)
            .isTrue();
      }
    }
    assertThat(seen.stream().filter(key -> key.endsWith(" x86"))).hasSize(x86().size());
  }

  @Test
  void anArchitectureHasOnlyItsOwn() {
    assertThat(catalog.find("halt_wait_ns", Scope.VCPU, "aarch64")).isPresent();
    assertThat(catalog.find("insn_emulation", Scope.VCPU, "aarch64")).isEmpty();
    assertThat(catalog.find("halt_wait_ns", Scope.VM, "amd64")).isEmpty();
    assertThat(catalog.find("halt_wait_ns", Scope.VCPU, "ppc64le")).isPresent();
    assertThat(catalog.named("no_such")).isEmpty();
  }
}
