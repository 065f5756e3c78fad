package io.kvmstats.core.catalog;

import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.util.List;
import java.util.Optional;

/**
 * What a statistic of some architectures means.
 *
 * @param stat its name: today's, or the last it had
 * @param scope whose it is
 * @param architectures that have it, in the catalog's words, such as {@code x86} or {@code
 *     powerpc-book3s}
 * @param since the first kernel that has it, by whatever name; {@code 5.12-} for that one or an
 *     earlier one
 * @param until the last kernel that has it, if it has gone
 * @param was its earlier names, where it had others: debugfs's in Linux 5.12, and the ones that the
 *     RFC of March 2021 proposed
 * @param type how its value moves: what the kernel's descriptor says too, for those who know its
 *     name alone
 * @param unit of its value, or of its buckets' bounds, likewise; seconds are counted in ns
 * @param sum of a histogram, the cumulative time that its samples add up to
 * @param meaning what is counted
 * @param high what a high value suggests, where that can be said
 */
public record CatalogEntry(
    String stat,
    Scope scope,
    List<String> architectures,
    String since,
    Optional<String> until,
    List<String> was,
    StatType type,
    Unit unit,
    Optional<String> sum,
    String meaning,
    Optional<String> high) {

  /** Whose statistic it is. */
  public enum Scope {
    /** A VM's own. */
    VM,
    /** A vCPU's. */
    VCPU
  }

  /**
   * {@return whether it is a statistic of ours and not of KVM's: its name has a dot, and KVM names
   * its own after fields of C structs, which have none}
   */
  public boolean isOurs() {
    return stat.indexOf('.') >= 0;
  }
}
