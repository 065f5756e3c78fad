package io.kvmstats.collect;

import io.kvmstats.acquire.StatsObject;
import io.kvmstats.core.model.Schema;
import io.kvmstats.discover.KvmFd;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A VM or a vCPU, for those who show it.
 *
 * @param vcpu the vCPU's number, {@link KvmFd#NO_VCPU} of a VM
 * @param fd the number of its descriptor in the VMM: what tells two VMs of one process apart
 * @param id the kernel's name of it, such as {@code kvm-4711/vcpu-0}
 * @param schema of its samples
 * @param latest gives its last two samples
 */
public record ObjectView(
    int vcpu, int fd, String id, Schema schema, Supplier<Optional<Reading>> latest) {

  /** {@return a view of an object that is swept} */
  static ObjectView of(CollectedVmm.CollectedObject collected) {
    StatsObject object = collected.object();
    return new ObjectView(
        object.vcpu(),
        object.held().number(),
        object.file().id(),
        object.file().schema(),
        collected.slot()::read);
  }

  /** {@return whether this is a vCPU, not a VM} */
  public boolean isVcpu() {
    return vcpu != KvmFd.NO_VCPU;
  }

  /**
   * {@return the last two samples; empty when there is none yet, the object is gone, or who reads
   * it has stopped in the midst of it}
   *
   * <p>From any thread.
   */
  public Optional<Reading> read() {
    return latest.get();
  }
}
