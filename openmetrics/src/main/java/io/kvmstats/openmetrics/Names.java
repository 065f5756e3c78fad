package io.kvmstats.openmetrics;

import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a statistic's family is called: by its own name, type and unit, unless that name is taken.
 *
 * <p>A name has one meaning in a document. Those of our own families and of the statistics that the
 * catalog has are theirs whatever VMs there are; whoever else comes later than another family of
 * the same name, or of one that its samples have, is told apart by a suffix: {@code x_instant}.
 * That takes a process that publishes such statistics: KVM's own have distinct names, on every
 * architecture.
 */
final class Names {
  /** So many statistics of one name nobody has but who wants to keep us busy. */
  private static final int ATTEMPTS_MAX = 64;

  private final Set<Family> own;
  private final Map<String, Family> reserved = new HashMap<>();
  private final Map<String, Family> taken = new HashMap<>();

  /**
   * Gives those their names that always have them.
   *
   * @param own families, in which no statistic can be
   * @param catalog of the kernel's statistics
   * @param architecture of this host, whose meanings come first
   */
  Names(List<Family> own, Catalog catalog, String architecture) {
    this.own = Set.copyOf(own);
    own.forEach(family -> take(family, reserved));
    for (CatalogEntry entry : catalog.entries()) {
      CatalogEntry here = catalog.find(entry.stat(), entry.scope(), architecture).orElse(entry);
      Family family = family(here);
      if (!isTaken(family, reserved)) {
        take(family, reserved);
      }
    }
    taken.putAll(reserved);
  }

  /** {@return the family of a statistic of the kernel's} */
  static Family family(CatalogEntry entry) {
    Kind kind = Kind.of(entry.type(), entry.unit());
    return family(
        prefix(entry.scope()) + stem(entry.stat(), kind, entry.unit()),
        kind,
        entry.unit(),
        entry.meaning());
  }

  /**
   * {@return the family of a statistic, whose name is taken now; null when too many have that name}
   *
   * @param scope whose it is
   * @param stat its name
   * @param unit {@link Unit#UNKNOWN} where it isn't known, or not what the values are scaled by
   * @param others of the same object: no two of its series can be in one family
   */
  @Nullable Family take(Scope scope, String stat, StatType type, Unit unit, Set<Family> others) {
    Kind kind = Kind.of(type, unit);
    String help =
        "Statistic "
            + stat
            + ", of which nothing is known but the descriptor that comes with it."
            + (kind == Kind.PEAK ? " This is the largest so far." : "");
    String stem = prefix(scope) + stem(stat, kind, unit);
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      String suffix =
          switch (attempt) {
            case 0 -> "";
            case 1 -> "_" + kind.suffix();
            default -> "_" + kind.suffix() + "_" + attempt;
          };
      Family wanted = family(stem + suffix, kind, unit, help);
      Family same = taken.get(wanted.name());
      if (same != null && same.isLike(wanted)) {
        if (!own.contains(same) && !others.contains(same)) {
          return same;
        }
      } else if (!isTaken(wanted, taken)) {
        take(wanted, taken);
        return wanted;
      }
    }
    return null;
  }

  /** Frees all names but those that are always taken, and those of some families. */
  void keepOnly(Collection<Family> families) {
    taken.clear();
    taken.putAll(reserved);
    families.forEach(family -> take(family, taken));
  }

  private static String prefix(Scope scope) {
    return scope == Scope.VM ? "kvm_vm_" : "kvm_vcpu_";
  }

  private static boolean isTaken(Family family, Map<String, Family> names) {
    return family.names().stream().anyMatch(names::containsKey);
  }

  private static void take(Family family, Map<String, Family> names) {
    family.names().forEach(name -> names.put(name, family));
  }

  private static Family family(String stem, Kind kind, Unit unit, String help) {
    String word = unitWord(unit).orElse("");
    return new Family(word.isEmpty() ? stem : stem + "_" + word, kind, word, help);
  }

  private static Optional<String> unitWord(Unit unit) {
    return switch (unit) {
      case SECONDS -> Optional.of("seconds");
      case BYTES -> Optional.of("bytes");
      case CYCLES -> Optional.of("cycles");
      case NONE, BOOLEAN, UNKNOWN -> Optional.empty();
    };
  }

  /** {@return a statistic's name without what the family's says in its own way} */
  private static String stem(String stat, Kind kind, Unit unit) {
    String stem = stat.replaceAll("[^a-zA-Z0-9_]", "_");
    if (kind == Kind.COUNTER) {
      stem = stem.replaceFirst("_total$", "");
    }
    if (unit == Unit.SECONDS) {
      stem = stem.replaceFirst("_(ns|us|ms|s)$", "");
    }
    return stem.replaceFirst("_" + unitWord(unit).orElse("$") + "$", "");
  }
}
