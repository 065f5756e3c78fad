package io.kvmstats.otlp;

import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is exported of the objects of each schema that there is. */
final class Plans {
  private final Catalog catalog = Catalog.load();
  private final String architecture = System.getProperty("os.arch");
  private final Map<Of, List<Column>> plans = new HashMap<>();

  /**
   * Objects that have the same plan.
   *
   * @param scope whose statistics they are
   * @param hasSums whether what is a vCPU's by the catalog is the sum of all vCPUs': debugfs's
   */
  record Of(Schema schema, Scope scope, boolean hasSums) {}

  /** {@return what is exported of such objects, in the schema's order} */
  List<Column> of(Of of) {
    return plans.computeIfAbsent(of, this::plan);
  }

  /** Forgets what no object needs. */
  void keepOnly(Set<Of> used) {
    plans.keySet().retainAll(used);
  }

  private List<Column> plan(Of of) {
    List<Column> columns = new ArrayList<>();
    for (Descriptor stat : of.schema.descriptors()) {
      boolean isSum = of.hasSums && catalog.isVcpusAlone(stat.name());
      if (!Column.fits(stat) || (isSum && !catalog.addsUp(stat))) {
        continue;
      }
      Scope scope = isSum ? Scope.VCPU : of.scope;
      columns.add(
          new Column(
              stat,
              MetricIdentity.of(scope, stat),
              description(stat, scope),
              catalog.sum(stat, of.scope, architecture, of.schema).orElse(null)));
    }
    return List.copyOf(columns);
  }

  private String description(Descriptor stat, Scope scope) {
    return catalog.find(stat.name(), scope, architecture).map(CatalogEntry::meaning).orElse("");
  }
}
