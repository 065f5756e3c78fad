package io.kvmstats.core.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.Lists;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.lang.Runtime.Version;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The catalog knows every statistic of every architecture, and says of each what it should. */
class CatalogTest {
  private static final Version LISTED = Version.parse("6.12");

  private final Catalog catalog = Catalog.load();

  @Test
  void everyStatisticOfTodayIsExplained() {
    for (String architecture : Lists.TODAY) {
      for (Scope scope : Scope.values()) {
        Schema schema = Lists.schema(architecture, scope);
        for (Descriptor descriptor : schema.descriptors()) {
          String name = scope + " " + descriptor.name() + " on " + architecture;
          CatalogEntry entry =
              catalog
                  .find(descriptor.name(), scope, architecture)
                  .orElseThrow(() -> new AssertionError(name));
          assertThat(entry.architectures()).as(name).contains(architecture);
          assertThat(entry.until()).as(name).isEmpty();
          assertThat(entry.type()).as(name).isEqualTo(descriptor.type());
          assertThat(entry.unit()).as(name).isEqualTo(descriptor.unit());
          assertThat(descriptor.exponent())
              .as(name)
              .isEqualTo(entry.unit() == Unit.SECONDS ? -9 : 0);
          entry.sum().ifPresent(sum -> assertThat(cumulative(schema)).as(name).contains(sum));
          // The kernel has named each after the other so far.
          entry
              .sum()
              .ifPresent(
                  sum -> assertThat(entry.stat().replace("_hist", "_ns")).as(name).isEqualTo(sum));
        }
      }
    }
  }

  private static List<String> cumulative(Schema schema) {
    return schema.descriptors().stream()
        .filter(descriptor -> descriptor.type() == StatType.CUMULATIVE)
        .map(Descriptor::name)
        .toList();
  }

  @Test
  void everyNameOfLinux512IsKnown() {
    for (String architecture : Lists.LINUX_5_12) {
      for (Scope scope : Scope.values()) {
        for (String name : Lists.names512(architecture, scope)) {
          assertThat(catalog.named(name))
              .as(scope + " " + name + " on " + architecture)
              .anyMatch(
                  entry -> entry.scope() == scope && entry.architectures().contains(architecture));
        }
      }
    }
  }

  @Test
  void whatTheListsDoNotHaveIsGoneOrNewerOrOurs() {
    for (CatalogEntry entry : catalog.entries()) {
      if (entry.isOurs()) {
        assertThat(entry.meaning()).contains("Of kvmstats, from /proc/");
        continue;
      }
      for (String architecture : entry.architectures()) {
        boolean listed =
            Lists.schema(architecture, entry.scope()).descriptors().stream()
                .anyMatch(descriptor -> descriptor.name().equals(entry.stat()));
        assertThat(listed)
            .as(entry.stat() + " on " + architecture)
            .isEqualTo(entry.until().isEmpty() && !newer(entry));
      }
    }
  }

  @Test
  void anEarlierNameIsOneOfLinux512() {
    for (CatalogEntry entry : catalog.entries()) {
      for (String architecture : entry.architectures()) {
        if (!entry.was().isEmpty()) {
          assertThat(Lists.names512(architecture, entry.scope()))
              .as(entry.stat() + " on " + architecture)
              .containsAll(entry.was());
        }
      }
    }
  }

  private static boolean newer(CatalogEntry entry) {
    return Version.parse(entry.since().replace("-", "")).compareTo(LISTED) > 0;
  }

  @Test
  void whatIsSaidIsASentence() {
    for (CatalogEntry entry : catalog.entries()) {
      assertThat(entry.meaning()).as(entry.stat()).hasSizeGreaterThan(20).endsWith(".");
      entry.high().ifPresent(high -> assertThat(high).as(entry.stat()).endsWith("."));
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
  void noNameOfTheKernelsIsLikeOurs() {
    for (String architecture : Lists.TODAY) {
      for (Scope scope : Scope.values()) {
        assertThat(Lists.schema(architecture, scope).descriptors())
            .extracting(Descriptor::name)
            .allMatch(name -> catalog.named(name).stream().noneMatch(CatalogEntry::isOurs));
      }
    }
    assertThat(catalog.entries().stream().filter(CatalogEntry::isOurs).map(CatalogEntry::stat))
        .containsExactly("schedstat.run_ns", "schedstat.wait_ns");
  }

  @Test
  void anArchitectureHasOnlyItsOwn() {
    assertThat(catalog.find("halt_wait_ns", Scope.VCPU, "aarch64")).isPresent();
    assertThat(catalog.find("insn_emulation", Scope.VCPU, "aarch64")).isEmpty();
    assertThat(catalog.find("halt_wait_ns", Scope.VM, "amd64")).isEmpty();
    assertThat(catalog.named("no_such")).isEmpty();
  }

  @Test
  void aPowerpcThatDoesNotSayWhichIsBook3s() {
    for (Scope scope : Scope.values()) {
      for (Descriptor descriptor : Lists.schema("powerpc-book3s", scope).descriptors()) {
        assertThat(catalog.find(descriptor.name(), scope, "ppc64le").orElseThrow().architectures())
            .as(descriptor.name())
            .contains("powerpc-book3s");
      }
    }
  }
}
