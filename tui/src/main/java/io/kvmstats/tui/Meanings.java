package io.kvmstats.tui;

import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What statistics mean, on one architecture. */
final class Meanings {
  private final Catalog catalog = Catalog.load();
  private final Map<Asked, Optional<CatalogEntry>> found = new HashMap<>();

  private final String architecture;

  Meanings(String architecture) {
    this.architecture = architecture;
  }

  private record Asked(String stat, Scope scope) {}

  /** {@return what a statistic means; empty where the catalog does not know} */
  String of(ObservedVmm vmm, Observed object, String stat) {
    return entry(vmm, object, stat).map(CatalogEntry::meaning).orElse("");
  }

  /** {@return that, and what a high value suggests} */
  String inFull(ObservedVmm vmm, Observed object, String stat) {
    return entry(vmm, object, stat)
        .map(entry -> entry.meaning() + entry.high().map(high -> " High: " + high).orElse(""))
        .orElse(
            vmm.view().isPublished()
                ? "Published by the process itself: what it means, its documentation says."
                : "The catalog does not know it.");
  }

  /** What a process publishes has its own meaning, whatever its name. */
  private Optional<CatalogEntry> entry(ObservedVmm vmm, Observed object, String stat) {
    return vmm.view().isPublished()
        ? Optional.empty()
        : found.computeIfAbsent(
            new Asked(stat, object.view().isVcpu() ? Scope.VCPU : Scope.VM),
            asked -> catalog.find(asked.stat, asked.scope, architecture));
  }
}
