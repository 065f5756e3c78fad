package io.kvmstats.collect;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A process with many VMs of a vCPU each that never runs, which keeps their stats fds open. */
final class ManyVmsMain {
  private ManyVmsMain() {}

  /** {@code args}: how many. */
  public static void main(String[] args) throws IOException {
    List<Fd> stats = new ArrayList<>();
    Kvm kvm = Kvm.open();
    for (int i = 0; i < Integer.parseInt(args[0]); i++) {
      KvmVm vm = kvm.createVm();
      KvmVcpu vcpu = vm.createVcpu(0);
      stats.add(vm.statsFd());
      stats.add(vcpu.statsFd());
    }
    System.out.println("running");
    while (System.in.read() >= 0) {
      // Until the end of the input.
    }
    stats.forEach(Fd::close);
  }
}
