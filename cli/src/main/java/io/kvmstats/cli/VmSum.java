package io.kvmstats.cli;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;

/**
 * A VMM's part in a sum over all: its own VMs' number, or that of its vCPUs. It has all of it or
 * none: of a part that is not whole, a reader could not tell what it lacks.
 *
 * @param total raw; empty when it has no such statistic, or not all of it is known
 * @param delta how much that grew since the sweep before, or fell; empty when unknown
 * @param reset whether the delta is unknown because the statistic was set back
 * @param missing whether a number that it has, as far as can be seen, is not in here
 */
record VmSum(
    Optional<BigInteger> total, Optional<BigInteger> delta, boolean reset, boolean missing) {

  /** {@return its part in the sum of a statistic} */
  static VmSum of(String stat, VmmView vmm) {
    List<ObjectView> objects =
        vmm.objects().stream().filter(object -> object.schema().find(stat).isPresent()).toList();
    if (objects.isEmpty()) {
      return none(!allVms(vmm, vmm.objects()) || !allVcpus(vmm, vmm.objects()));
    }
    // Of a VM and its vCPUs one has it. One that is perhaps read twice is not summed up either.
    if (objects.getFirst().isVcpu() ? !allVcpus(vmm, objects) : !allVms(vmm, objects)) {
      return none(true);
    }
    BigInteger total = BigInteger.ZERO;
    Optional<BigInteger> delta = Optional.empty();
    boolean reset = false;
    boolean missing = false;
    for (ObjectView object : objects) {
      Descriptor descriptor = object.schema().find(stat).orElseThrow();
      Optional<Reading> reading = object.read().filter(read -> read.latest().has(descriptor));
      if (reading.isEmpty()) {
        return none(true);
      }
      total = total.add(value(reading.get().latest(), descriptor));
      reset |= reading.get().reset(descriptor);
      Optional<Sample> previous = reading.get().previous();
      // One that is new grows from its first sample on: nothing is missing yet.
      missing |= previous.isPresent() && !previous.get().has(descriptor);
      if (previous.filter(before -> before.has(descriptor)).isPresent()) {
        BigInteger growth =
            value(reading.get().latest(), descriptor).subtract(value(previous.get(), descriptor));
        delta = Optional.of(delta.orElse(BigInteger.ZERO).add(growth));
      }
    }
    boolean known = !reset && !missing;
    return new VmSum(Optional.of(total), known ? delta : Optional.empty(), reset, missing);
  }

  private static VmSum none(boolean missing) {
    return new VmSum(Optional.empty(), Optional.empty(), false, missing);
  }

  private static boolean allVms(VmmView vmm, List<ObjectView> objects) {
    return objects.stream().filter(object -> !object.isVcpu()).count() == vmm.vms();
  }

  private static boolean allVcpus(VmmView vmm, List<ObjectView> objects) {
    return objects.stream()
        .filter(ObjectView::isVcpu)
        .map(ObjectView::vcpu)
        .sorted()
        .toList()
        .equals(vmm.vcpus());
  }

  private static BigInteger value(Sample sample, Descriptor descriptor) {
    return new BigInteger(Long.toUnsignedString(sample.value(descriptor)));
  }
}
