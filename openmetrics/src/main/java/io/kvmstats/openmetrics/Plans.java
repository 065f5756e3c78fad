package io.kvmstats.openmetrics;

import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Scale;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is exported of the objects of each schema that there is now. */
final class Plans {
  private final Catalog catalog;
  private final String architecture;
  private final Names names;
  private final Map<Of, Plan> plans = new LinkedHashMap<>();

  private record Of(Schema schema, Scope scope, boolean hasSums) {}

  /**
   * Begins without any.
   *
   * @param own families, in which no statistic can be
   * @param architecture of this host
   */
  Plans(List<Family> own, Catalog catalog, String architecture) {
    this.catalog = catalog;
    this.architecture = architecture;
    this.names = new Names(own, catalog, architecture);
  }

  Collection<Plan> all() {
    return plans.values();
  }

  /**
   * {@return what is exported of such objects; the same as long as there are any}
   *
   * @param hasSums whether what is a vCPU's by the catalog is a sum over a VM's: debugfs's
   */
  Plan of(Schema schema, Scope scope, boolean hasSums) {
    return plans.computeIfAbsent(new Of(schema, scope, hasSums), this::plan);
  }

  /** Forgets those that no object has any more. */
  void dropUnused() {
    if (plans.values().removeIf(plan -> plan.objects().isEmpty())) {
      names.keepOnly(
          plans.values().stream()
              .flatMap(plan -> plan.columns().stream())
              .map(Plan.Column::family)
              .toList());
    }
  }

  private Plan plan(Of of) {
    List<Descriptor> stats = new ArrayList<>(of.schema.descriptors());
    // Who comes first has the name: that must not be by the order in which a kernel lists them.
    stats.sort(Comparator.comparing(Descriptor::name));
    List<Plan.Column> columns = new ArrayList<>();
    Set<Family> families = new HashSet<>();
    for (Descriptor stat : stats) {
      Plan.@Nullable Column column = column(stat, of, families);
      if (column != null) {
        columns.add(column);
        families.add(column.family());
      }
    }
    return new Plan(columns);
  }

  private Plan.@Nullable Column column(Descriptor stat, Of of, Set<Family> others) {
    StatType type = stat.type();
    if (!type.isHistogram() && stat.size() != 1) {
      return null; // Several numbers that nobody has a name for.
    }
    boolean isSum = of.hasSums && catalog.isVcpusAlone(stat.name());
    if (isSum && !catalog.addsUp(stat)) {
      return null;
    }
    Unit unit = Scale.isKnown(stat) ? stat.unit() : Unit.UNKNOWN;
    Scope scope = isSum ? Scope.VCPU : of.scope;
    Family family = names.take(scope, stat.name(), type, unit, others);
    return family == null
        ? null
        : new Plan.Column(
            stat,
            family,
            Scale.of(stat),
            type.isHistogram() ? new Buckets(stat) : null,
            type.isHistogram()
                ? catalog.sum(stat, of.scope, architecture, of.schema).orElse(null)
                : null);
  }
}
