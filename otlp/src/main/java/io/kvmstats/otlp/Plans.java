package io.kvmstats.otlp;

import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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
      boolean isSum = of.hasSums && isVcpus(stat);
      if (!Column.fits(stat) || (isSum && !addsUp(stat))) {
        continue;
      }
      Scope scope = isSum ? Scope.VCPU : of.scope;
      columns.add(
          new Column(
              stat, MetricIdentity.of(scope, stat), description(stat, scope), sum(stat, of)));
    }
    return List.copyOf(columns);
  }

  private String description(Descriptor stat, Scope scope) {
    return catalog.find(stat.name(), scope, architecture).map(CatalogEntry::meaning).orElse("");
  }

  /** {@return whether only vCPUs have such a statistic} */
  private boolean isVcpus(Descriptor stat) {
    List<CatalogEntry> known = catalog.named(stat.name());
    return !known.isEmpty() && known.stream().allMatch(entry -> entry.scope() == Scope.VCPU);
  }

  /** {@return whether debugfs's sum of it means anything: not of what is so or not, or a peak} */
  private boolean addsUp(Descriptor stat) {
    boolean isAmount = stat.type() == StatType.INSTANT && stat.unit() != Unit.BOOLEAN;
    return (stat.type() == StatType.CUMULATIVE || isAmount)
        && catalog.named(stat.name()).stream()
            .allMatch(entry -> entry.type() == stat.type() && entry.unit() == stat.unit());
  }

  private @Nullable Descriptor sum(Descriptor histogram, Of of) {
    return catalog
        .find(histogram.name(), of.scope, architecture)
        .flatMap(CatalogEntry::sum)
        .flatMap(of.schema::find)
        .filter(sum -> sum.type() == StatType.CUMULATIVE && sum.size() == 1)
        // As raw numbers they are in one unit.
        .filter(sum ->
            sum.unit() == histogram.unit()
                && sum.base() == histogram.base()
                && sum.exponent() == histogram.exponent())
        .filter(Scale::isKnown)
        .orElse(null);
  }
}
