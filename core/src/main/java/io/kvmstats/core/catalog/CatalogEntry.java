package io.kvmstats.core.catalog;

import java.util.List;
import java.util.Optional;

/**
 * What a statistic of some architectures means.
 *
 * @param stat its name: today's, or the last it had
 * @param scope whose it is
 * @param architectures that have it, in the catalog's words, such as {@code x86} or {@code
 *     powerpc-book3s}
 * @param since the first kernel with that name; {@code 5.12-} for that one or an earlier one
 * @param until the last kernel with that name, if it has gone
 * @param renamed {@code from OLD} or {@code to NEW}, where it has another name in other kernels
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
    Optional<String> renamed,
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
}
