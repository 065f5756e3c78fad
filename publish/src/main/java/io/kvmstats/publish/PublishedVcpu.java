package io.kvmstats.publish;

import io.kvmstats.core.binaryform.ServedVcpu;
import io.kvmstats.core.binaryform.ServedVm;
import io.kvmstats.core.model.Schema;
import io.kvmstats.linux.LinuxException;

/** A vCPU whose statistics are published, until it is closed, or its VM is. */
public final class PublishedVcpu extends PublishedObject {
  private final PublishedVm vm;
  private final int number;

  PublishedVcpu(PublishedVm vm, int number, String id, Schema laidOut) throws LinuxException {
    super("kvm-vcpu-stats:" + number, id, laidOut);
    this.vm = vm;
    this.number = number;
  }

  /** {@return its number} */
  public int number() {
    return number;
  }

  /**
   * Has a VM's binary form answer for this vCPU, from these statistics: all but histograms.
   *
   * @param served from {@link PublishedVm#serve}; it keeps the vCPU, which has to stay open
   * @return what answers
   */
  public ServedVcpu serve(ServedVm served) {
    return served.addVcpu(scalars());
  }

  @Override
  public void close() {
    vm.forget(this);
    super.close();
  }
}
