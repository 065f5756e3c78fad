package io.kvmstats.cli;

import io.kvmstats.acquire.ThreadTimes;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Descriptor;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What KVM counted for all VMs together, as kvm_stat shows it: one number per statistic, raw.
 *
 * <p>Histograms are no number, and a thread's times are none of KVM's.
 *
 * @param stats by name; none is there that no VM has a value of
 * @param without the VMs that are missing in some of the sums, or in what they grew by
 */
record HostSum(SortedMap<String, Sum> stats, List<String> without) {

  static final String NOTHING =
      "no statistic of KVM's that is one number matches: try kvmstats schema";

  /**
   * A statistic.
   *
   * @param total as the kernel has it
   * @param delta how much it grew since the sweep before, or fell; empty when unknown
   */
  record Sum(BigInteger total, Optional<BigInteger> delta) {}

  /** {@return the names of what there is to sum up, as far as it was asked for} */
  static Set<String> names(Selection selection, List<VmmView> vmms) {
    Set<String> names = new TreeSet<>();
    for (VmmView vmm : vmms) {
      for (ObjectView object : vmm.objects()) {
        for (Descriptor descriptor : object.schema().descriptors()) {
          if (selection.wants(descriptor)
              && !descriptor.type().isHistogram()
              && !ThreadTimes.has(descriptor.name())) {
            names.add(descriptor.name());
          }
        }
      }
    }
    return names;
  }

  /** {@return what the last two sweeps say} */
  static HostSum of(Selection selection, List<VmmView> vmms) {
    SortedMap<String, Sum> stats = new TreeMap<>();
    Set<VmmView> without = new TreeSet<>(Comparator.comparingInt(VmmView::pid));
    for (String name : names(selection, vmms)) {
      List<VmSum> parts = new ArrayList<>();
      for (VmmView vmm : vmms) {
        VmSum part = VmSum.of(name, vmm);
        if (part.missing()) {
          without.add(vmm);
        }
        parts.add(part);
      }
      sum(parts).ifPresent(sum -> stats.put(name, sum));
    }
    return new HostSum(stats, without.stream().map(Labels::vm).toList());
  }

  /** Says which VMs are missing, if any is. */
  void sayWithout() {
    if (!without.isEmpty()) {
      Messages.say("the sums are without " + String.join(", ", without) + ": see kvmstats list");
    }
  }

  private static Optional<Sum> sum(List<VmSum> parts) {
    Optional<BigInteger> total =
        parts.stream().flatMap(part -> part.total().stream()).reduce(BigInteger::add);
    Optional<BigInteger> delta =
        parts.stream().flatMap(part -> part.delta().stream()).reduce(BigInteger::add);
    // How far it had come when it was set back, nobody knows: less would look like a quiet time.
    boolean reset = parts.stream().anyMatch(VmSum::reset);
    return total.map(sum -> new Sum(sum, reset ? Optional.empty() : delta));
  }
}
