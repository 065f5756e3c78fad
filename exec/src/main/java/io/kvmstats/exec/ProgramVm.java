package io.kvmstats.exec;

import io.kvmstats.core.binaryform.ServedVm;
import io.kvmstats.core.binaryform.UserMemory;
import io.kvmstats.linux.AddressSpace;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A VM of the program's. One thread answers and closes; vCPUs are added from any.
 *
 * <p>Holds duplicates of the VM's descriptor, to know it by, and of its stats fd. Both keep the VM
 * alive in the kernel.
 */
final class ProgramVm implements ProgramObject {
  private final Fd file;
  private final Fd stats;
  private final AddressSpace owner;

  /**
   * Held as a sign to whoever looks for VMs that the descriptors here are those of that process.
   */
  private final Pidfd process;

  private final Layout layout;
  private final MemorySegment values;
  private final ServedVm served;
  private final List<ProgramVcpu> vcpus = new CopyOnWriteArrayList<>();

  /** How often in a row none of its descriptors was found in the program. */
  private int missed;

  ProgramVm(
      Fd file, Fd stats, AddressSpace owner, Pidfd process, Layout layout, UserMemory memory) {
    this.file = file;
    this.stats = stats;
    this.owner = owner;
    this.process = process;
    this.layout = layout;
    this.values = values(layout.vm().names().names().size());
    this.served =
        new ServedVm(Supervisor.ABI, memory, layout.vm().names(), values, layout.vcpu().names());
  }

  private static MemorySegment values(int count) {
    return Arena.ofAuto().allocate(count * (long) Long.BYTES, Long.BYTES);
  }

  /** Adds a vCPU, whose descriptors are this object's from now on. */
  ProgramVcpu add(Fd vcpu, Fd vcpuStats) {
    MemorySegment ofVcpu = values(layout.vcpu().names().names().size());
    ProgramVcpu added =
        new ProgramVcpu(this, vcpu, vcpuStats, layout.vcpu(), ofVcpu, served.addVcpu(ofVcpu));
    vcpus.add(added);
    return added;
  }

  @Override
  public Fd file() {
    return file;
  }

  @Override
  public ProgramVm vm() {
    return this;
  }

  @Override
  public int answer(int request, long argument, UserMemory memory) throws IOException {
    if (request == Supervisor.ABI.getData()) {
      layout.vm().read(stats, values);
      for (ProgramVcpu vcpu : vcpus) {
        vcpu.refresh();
      }
    }
    return served.ioctl(request, argument, memory);
  }

  /** {@return whose VM it is: the kernel answers no other process either} */
  AddressSpace owner() {
    return owner;
  }

  /** {@return how often in a row it has been missed} */
  int miss(boolean found) {
    missed = found ? 0 : missed + 1;
    return missed;
  }

  @Override
  public void close() {
    for (ProgramVcpu vcpu : vcpus) {
      vcpu.close();
    }
    stats.close();
    file.close();
    owner.close();
    process.close();
  }
}
