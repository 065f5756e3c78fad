package io.kvmstats.openmetrics;

import io.kvmstats.core.model.Scale;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** The families that no schema has: what a VM is, and how well it and we are. */
enum OwnFamily {
  UP("kvm_up", "", "Whether there is anything to read VMs from."),
  BUILD("kvm_build", "The kvmstats that exports this."),
  HIDDEN(
      "kvm_hidden_processes",
      "",
      "Processes that seem to hold VMs whose statistics kvmstats can't get at."),
  SWEEP("kvm_sweep_seconds", "seconds", "How long the last reading of all VMs took."),
  VM("kvm_vm", "What the VM is called, and how it is read."),
  VM_UP("kvm_vm_up", "", "Whether what can be read of the VM was, the last time."),
  VM_COMPLETE(
      "kvm_vm_complete",
      "",
      "Whether all of the VM's statistics can be read: where not, 'kvmstats list' says why."),
  VM_VCPUS("kvm_vm_vcpus", "", "The vCPUs that the VM has, also those that can't be read."),
  VM_AGE("kvm_vm_sample_age_seconds", "seconds", "How old the oldest of the VM's numbers are.");

  private static final double NANOS_PER_SECOND = 1e9;

  private final String title;
  private final Kind kind;
  private final String unit;
  private final String help;

  OwnFamily(String title, String help) {
    this(title, Kind.INFO, "", help);
  }

  OwnFamily(String title, String unit, String help) {
    this(title, Kind.GAUGE, unit, help);
  }

  OwnFamily(String title, Kind kind, String unit, String help) {
    this.title = title;
    this.kind = kind;
    this.unit = unit;
    this.help = help;
  }

  Family family() {
    return new Family(title, kind, unit, help);
  }

  /** {@return all of them} */
  static List<Family> all() {
    return Arrays.stream(values()).map(OwnFamily::family).toList();
  }

  /**
   * Writes its series.
   *
   * @param out has begun this family
   * @param vmms were read for this scrape
   * @param now as {@link System#nanoTime} counts
   */
  void write(Output out, Health health, Collection<ExportedVmm> vmms, long now) throws IOException {
    switch (this) {
      case UP -> one(out, Labels.NONE, health.up() ? 1 : 0);
      case BUILD -> one(out, new Labels(Map.of("version", health.version())), 1);
      case HIDDEN -> one(out, Labels.NONE, health.hidden());
      case SWEEP -> {
        if (health.sweepSeconds() >= 0) {
          nanos(out, Labels.NONE, Math.round(health.sweepSeconds() * NANOS_PER_SECOND));
        }
      }
      case VM, VM_UP, VM_COMPLETE, VM_VCPUS, VM_AGE -> {
        for (ExportedVmm vmm : vmms) {
          write(out, vmm, now);
        }
      }
    }
  }

  private void write(Output out, ExportedVmm vmm, long now) throws IOException {
    switch (this) {
      case VM -> one(out, vmm.infoLabels(), 1);
      case VM_UP -> one(out, vmm.labels(), vmm.isUp() ? 1 : 0);
      case VM_COMPLETE -> one(out, vmm.labels(), vmm.isComplete() ? 1 : 0);
      case VM_VCPUS -> one(out, vmm.labels(), vmm.view().vcpus().size());
      case VM_AGE -> {
        OptionalLong age = vmm.ageNanos(now);
        if (age.isPresent()) {
          nanos(out, vmm.labels(), age.getAsLong());
        }
      }
      default -> throw new IllegalStateException(this + " is no VM's");
    }
  }

  private static void one(Output out, Labels labels, long number) throws IOException {
    out.value(labels, number, Scale.ONE, Output.UNKNOWN_TIME);
  }

  private static void nanos(Output out, Labels labels, long nanos) throws IOException {
    out.value(labels, nanos, Scale.NANO, Output.UNKNOWN_TIME);
  }
}
