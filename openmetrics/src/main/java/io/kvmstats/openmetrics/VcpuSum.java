package io.kvmstats.openmetrics;

import io.kvmstats.core.model.Scale;

/** A statistic of one VMM over its vCPUs, in the making. */
final class VcpuSum {
  private final ExportedVmm vmm;
  private int known;
  private boolean isBroken;
  private long raw;
  private Scale scale = Scale.ONE;

  /** Begins with none. */
  VcpuSum(ExportedVmm vmm) {
    this.vmm = vmm;
  }

  ExportedVmm vmm() {
    return vmm;
  }

  /** Adds a vCPU's; of a peak, the larger one stays. */
  void add(long value, Scale of, Kind kind) {
    isBroken |= known > 0 && !scale.equals(of);
    scale = of;
    known++;
    switch (kind) {
      case COUNTER, GAUGE -> {
        raw += value;
        isBroken |= Long.compareUnsigned(raw, value) < 0;
      }
      case PEAK -> raw = Long.compareUnsigned(value, raw) > 0 ? value : raw;
      default -> isBroken = true; // Nobody knows what several of them are together.
    }
  }

  /** {@return whether it is known: of all vCPUs, in one unit, and no more than a u64} */
  boolean isWhole() {
    return !isBroken && vmm.hasAllVcpus() && known == vmm.view().vcpus().size();
  }

  long raw() {
    return raw;
  }

  Scale scale() {
    return scale;
  }
}
