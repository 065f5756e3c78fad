package io.kvmstats.core.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.Lists;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The catalog knows every statistic of x86, and says of each what it should. */
class CatalogTest {
  private final Catalog catalog = Catalog.load();

  @Test
  void everyStatisticOfX86IsExplained() {
    for (Scope scope : Scope.values()) {
      for (Descriptor descriptor : Lists.schema("x86", scope).descriptors()) {
        CatalogEntry entry = catalog.find(descriptor.name(), scope, "amd64").orElseThrow();
        assertThat(entry.meaning()).as(entry.stat()).hasSizeGreaterThan(20).endsWith(".");
        entry.high().ifPresent(high -> assertThat(high).as(entry.stat()).endsWith("."));
        assertThat(entry.sum().isPresent())
            .as(entry.stat())
            .isEqualTo(descriptor.type().isHistogram());
        entry.sum().ifPresent(sum -> assertThat(catalog.find(sum, scope, "amd64")).isPresent());
      }
    }
  }

  @Test
  void noStatisticIsExplainedTwice() {
    Set<String> seen = new HashSet<>();
    for (CatalogEntry entry : catalog.entries()) {
      for (String architecture : entry.architectures()) {
        assertThat(seen.add(entry.scope() + " " + entry.stat() + " " + architecture))
            .as(entry.stat() + " on " + architecture)
            .isTrue();
      }
    }
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
