package io.kvmstats.exec;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import io.kvmstats.linux.StatsBlock;
import java.io.IOException;

/**
 * Where the values are in this kernel's stats files: in all VMs' alike, and in all vCPUs'.
 *
 * @param vm of a VM's own
 * @param vcpu of a vCPU's
 */
record Layout(StatsBlock vm, StatsBlock vcpu) {

  /**
   * {@return what a VM made for it says}
   *
   * @throws IOException when there is no KVM to ask, or it has no stats fds
   */
  static Layout ofThisKernel() throws IOException {
    try (Kvm kvm = Kvm.open()) {
      if (!kvm.hasStatsFd()) {
        throw new IOException("this kernel's KVM has no stats fds: they came with Linux 5.14");
      }
      try (KvmVm vm = kvm.createVm();
          KvmVcpu vcpu = vm.createVcpu(0);
          Fd ofVm = vm.statsFd();
          Fd ofVcpu = vcpu.statsFd()) {
        return new Layout(StatsBlock.of(ofVm), StatsBlock.of(ofVcpu));
      }
    }
  }
}
