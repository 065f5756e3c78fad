package io.kvmstats.core.catalog;

import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Scale;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The meaning of every statistic of every architecture, from Linux 5.12 to 7.2.
 *
 * <p>Read from {@code catalog.txt} beside this class, a stanza per statistic.
 */
public final class Catalog {
  private static final String RESOURCE = "catalog.txt";

  private final List<CatalogEntry> entries;

  private Catalog(List<CatalogEntry> entries) {
    this.entries = List.copyOf(entries);
  }

  /** {@return the catalog; reads it each time} */
  public static Catalog load() {
    return new Catalog(Stanzas.read(RESOURCE).stream().map(Catalog::entry).toList());
  }

  /** {@return all entries, generic statistics first} */
  public List<CatalogEntry> entries() {
    return entries;
  }

  /**
   * {@return what a statistic means on an architecture}
   *
   * <p>A powerpc JDK does not tell Book3S (servers) from BookE: where they differ, this is
   * Book3S's.
   *
   * @param stat its name
   * @param scope whose it is
   * @param architecture as the JDK calls it ({@code os.arch}), such as {@code amd64}, or as the
   *     catalog does
   */
  public Optional<CatalogEntry> find(String stat, Scope scope, String architecture) {
    String kernels = kernelsName(architecture);
    return entries.stream()
        .filter(entry -> entry.stat().equals(stat) && entry.scope() == scope)
        .filter(entry -> entry.architectures().stream().anyMatch(arch -> arch.startsWith(kernels)))
        .findFirst();
  }

  /**
   * {@return every entry that has or had that name, whatever its scope and architecture}
   *
   * @param stat a statistic's name
   */
  public List<CatalogEntry> named(String stat) {
    return entries.stream()
        .filter(entry -> entry.stat().equals(stat) || entry.was().contains(stat))
        .toList();
  }

  /** {@return whether only vCPUs have a statistic of that name: a VM's is their sum, debugfs's} */
  public boolean isVcpusAlone(String stat) {
    List<CatalogEntry> known = named(stat);
    return !known.isEmpty() && known.stream().allMatch(entry -> entry.scope() == Scope.VCPU);
  }

  /**
   * {@return whether the sum over all vCPUs means anything: not of what is so or not, or a peak}
   *
   * @param stat as it is summed up, whose names may mean something else to the catalog
   */
  public boolean addsUp(Descriptor stat) {
    boolean isAmount = stat.type() == StatType.INSTANT && stat.unit() != Unit.BOOLEAN;
    return (stat.type() == StatType.CUMULATIVE || isAmount)
        && named(stat.name()).stream()
            .allMatch(entry -> entry.type() == stat.type() && entry.unit() == stat.unit());
  }

  /**
   * {@return the statistic that a histogram's samples add up to, where its schema has one in the
   * same unit}
   *
   * @param scope whose they are
   * @param architecture as for {@link #find}
   */
  public Optional<Descriptor> sum(
      Descriptor histogram, Scope scope, String architecture, Schema schema) {
    return find(histogram.name(), scope, architecture)
        .flatMap(CatalogEntry::sum)
        .flatMap(schema::find)
        .filter(sum -> sum.type() == StatType.CUMULATIVE && sum.size() == 1)
        // As raw numbers they are in one unit.
        .filter(sum ->
            sum.unit() == histogram.unit()
                && sum.base() == histogram.base()
                && sum.exponent() == histogram.exponent())
        .filter(Scale::isKnown);
  }

  /** {@return what the catalog calls an architecture, or several of them begin with} */
  static String kernelsName(String architecture) {
    return switch (architecture) {
      case "amd64", "x86_64" -> "x86";
      case "aarch64" -> "arm64";
      case "s390x" -> "s390";
      case "mips64", "mips64el" -> "mips";
      case "ppc64", "ppc64le" -> "powerpc";
      case "riscv64" -> "riscv";
      case "loongarch64" -> "loongarch";
      default -> architecture;
    };
  }

  private static CatalogEntry entry(Map<String, String> stanza) {
    return new CatalogEntry(
        required(stanza.get("stat")),
        Scope.valueOf(required(stanza.get("scope")).toUpperCase(Locale.ROOT)),
        List.of(required(stanza.get("arch")).split(" ", -1)),
        required(stanza.get("since")),
        Optional.ofNullable(stanza.get("until")),
        stanza.containsKey("was") ? List.of(stanza.get("was").split(", ", -1)) : List.of(),
        type(stanza),
        Unit.valueOf(stanza.getOrDefault("unit", "none").toUpperCase(Locale.ROOT)),
        Optional.ofNullable(stanza.get("sum")),
        required(stanza.get("meaning")),
        Optional.ofNullable(stanza.get("high")));
  }

  private static StatType type(Map<String, String> stanza) {
    return stanza.containsKey("sum")
        ? StatType.LOG_HISTOGRAM
        : StatType.valueOf(stanza.getOrDefault("type", "cumulative").toUpperCase(Locale.ROOT));
  }

  private static String required(@Nullable String value) {
    return Objects.requireNonNull(value, "a key is missing in " + RESOURCE);
  }
}
