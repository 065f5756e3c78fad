package io.kvmstats.cli;

import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.collect.Sweep;
import io.kvmstats.collect.Table;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Sweeps over another VM, of this process, that never runs: what a guest notices of this, it
 * notices because a host without an idle processor takes its one for whatever else is done.
 */
final class OtherVmPhase implements Phase {
  private final KvmVm vm;
  private final List<StatsObject> objects = new ArrayList<>();
  private final Table table;
  private final Sweep sweep;

  private OtherVmPhase(KvmVm vm) throws IOException {
    this.vm = vm;
    this.table = new Table();
    this.sweep = new Sweep(table);
  }

  /**
   * Makes the VM, with a vCPU.
   *
   * @throws IOException when KVM refuses
   */
  static OtherVmPhase start(Kvm kvm) throws IOException {
    KvmVm vm = kvm.createVm();
    OtherVmPhase phase;
    try {
      phase = new OtherVmPhase(vm);
    } catch (IOException | RuntimeException e) {
      vm.close();
      throw e;
    }
    try (KvmVcpu vcpu = vm.createVcpu(0)) {
      Acquirer acquirer = new Acquirer();
      phase.objects.add(acquirer.own(vm));
      phase.objects.add(acquirer.own(vcpu));
      for (StatsObject object : phase.objects) {
        phase.sweep.add(object);
      }
      SweepPhase.warmUp(phase);
      return phase;
    } catch (IOException | RuntimeException e) {
      phase.close();
      throw e;
    }
  }

  @Override
  public String name() {
    return "other VM";
  }

  @Override
  public boolean reads() {
    return false;
  }

  @Override
  public int perSecond() {
    return SweepPhase.PER_SECOND;
  }

  @Override
  public void read() {
    sweep.run();
  }

  @Override
  public void close() {
    objects.forEach(StatsObject::close);
    table.close();
    vm.close();
  }
}
