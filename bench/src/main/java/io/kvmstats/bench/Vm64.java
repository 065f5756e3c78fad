package io.kvmstats.bench;

import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmBinaryForm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A VM of 64 vCPUs that never run, its 65 stats fds, and its binary form: what the sweep and the
 * binary form's client are measured on.
 */
final class Vm64 implements AutoCloseable {
  private static final int VCPUS = 64;

  private final Kvm kvm;
  private final KvmVm vm;
  private final KvmBinaryForm form;
  private final List<KvmVcpu> vcpus = new ArrayList<>();
  private final List<StatsObject> objects = new ArrayList<>();

  Vm64() throws IOException {
    Acquirer acquirer = new Acquirer();
    kvm = Kvm.open();
    vm = kvm.createVm();
    form = vm.binaryForm();
    objects.add(acquirer.own(vm));
    for (int i = 0; i < VCPUS; i++) {
      KvmVcpu vcpu = vm.createVcpu(i);
      vcpus.add(vcpu);
      objects.add(acquirer.own(vcpu));
    }
  }

  /** {@return the VM's statistics, then its vCPUs'} */
  List<StatsObject> objects() {
    return objects;
  }

  KvmBinaryForm form() {
    return form;
  }

  List<KvmBinaryForm> vcpuForms() {
    return vcpus.stream().map(KvmVcpu::binaryForm).toList();
  }

  @Override
  public void close() {
    objects.forEach(StatsObject::close);
    vcpus.forEach(KvmVcpu::close);
    vm.close();
    kvm.close();
  }
}
