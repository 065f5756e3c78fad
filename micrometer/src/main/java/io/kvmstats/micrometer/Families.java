package io.kvmstats.micrometer;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Scale;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the statistics of each schema are called.
 *
 * <p>A name has one meaning, since a registry that is given two for it may refuse to be scraped at
 * all. Those of the catalog's statistics are theirs; who else wants one for something other has a
 * suffix that tells what it is, or is left out. That takes a process that publishes statistics.
 */
final class Families {
  /** KVM has less than a hundred. More are published by who wants to keep us busy. */
  private static final int STATISTICS_MAX = 1000;

  private final Catalog catalog = Catalog.load();
  private final String architecture = System.getProperty("os.arch");
  private final Map<String, Family> reserved = new HashMap<>();
  private final Map<Of, List<Column>> columns = new LinkedHashMap<>();

  private record Of(Schema schema, Scope scope) {
    static Of object(ObjectView object) {
      return new Of(object.schema(), object.isVcpu() ? Scope.VCPU : Scope.VM);
    }
  }

  Families() {
    for (CatalogEntry entry : catalog.entries()) {
      CatalogEntry here = catalog.find(entry.stat(), entry.scope(), architecture).orElse(entry);
      if (!here.type().isHistogram()) {
        Family family = family(here.scope(), here.stat(), here.type(), here.unit(), "");
        take(family, reserved);
      }
    }
  }

  /** A name has one unit to Micrometer, which a key to Prometheus's registry has not. */
  private static void take(Family family, Map<String, Family> taken) {
    taken.putIfAbsent(family.name(), family);
    taken.putIfAbsent(family.key(), family);
  }

  /** Forgets the schemas that no object has any more, whose names are free then. */
  void keepOnly(Collection<ObjectView> objects) {
    columns.keySet().retainAll(objects.stream().map(Of::object).collect(Collectors.toSet()));
  }

  /** {@return what an object's statistics are; the same as long as there is one like it} */
  List<Column> of(ObjectView object) {
    return columns.computeIfAbsent(Of.object(object), this::name);
  }

  private List<Column> name(Of of) {
    Map<String, Family> taken = new HashMap<>(reserved);
    columns.values().stream().flatMap(List::stream).forEach(column -> take(column.family(), taken));
    List<Column> named = new ArrayList<>();
    Set<String> own = new HashSet<>();
    // Sorted, so that who has a name is not by the order in which they are listed.
    List<Descriptor> stats =
        of.schema.descriptors().stream()
            .filter(stat -> !stat.type().isHistogram() && stat.size() == 1)
            .sorted(Comparator.comparing(Descriptor::name))
            .limit(STATISTICS_MAX)
            .toList();
    for (Descriptor stat : stats) {
      Unit unit = Scale.isKnown(stat) ? stat.unit() : Unit.UNKNOWN;
      for (String suffix : List.of("", "." + word(stat.type()))) {
        Family wanted = family(of.scope, stat.name(), stat.type(), unit, suffix);
        Family same = taken.getOrDefault(wanted.key(), wanted);
        boolean isFree =
            same.isLike(wanted) && taken.getOrDefault(wanted.name(), wanted).isLike(wanted);
        if (isFree && own.add(same.key())) {
          take(same, taken);
          named.add(new Column(stat, same));
          break;
        }
      }
    }
    return List.copyOf(named);
  }

  private Family family(Scope scope, String stat, StatType type, Unit unit, String suffix) {
    String prefix = scope == Scope.VM ? "kvm.vm." : "kvm.vcpu.";
    Optional<String> help = catalog.find(stat, scope, architecture).map(CatalogEntry::meaning);
    return new Family(
        prefix + stem(stat, unit) + suffix,
        type == StatType.CUMULATIVE,
        word(unit),
        suffix.isEmpty() ? help.orElse(null) : null);
  }

  private static String word(StatType type) {
    return switch (type) {
      case CUMULATIVE -> "cumulative";
      case PEAK -> "peak";
      default -> "instant";
    };
  }

  private static @Nullable String word(Unit unit) {
    return switch (unit) {
      case SECONDS -> "seconds";
      case BYTES -> "bytes";
      case CYCLES -> "cycles";
      case NONE, BOOLEAN, UNKNOWN -> null;
    };
  }

  /**
   * {@return a statistic's name in words, without what registries put at a name's end themselves: a
   * gauge whose name ends with "info" would be 1 to Prometheus's, whatever it is}
   */
  private static String stem(String stat, Unit unit) {
    String words = ("." + stat).replaceAll("[^a-zA-Z0-9]+", ".").replaceFirst("\\.$", "");
    String plain = unit == Unit.SECONDS ? words.replaceFirst("\\.(ns|us|ms|s)$", "") : words;
    String stem = plain.replaceFirst("(\\.(" + Family.ENDS + "))+$", "");
    return stem.isEmpty() ? "unnamed" : stem.substring(1);
  }
}
