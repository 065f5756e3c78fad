package io.kvmstats.guest;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVm;
import io.kvmstats.linux.Mapping;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A running VM, each vCPU on a thread of its own.
 *
 * <p>Like QEMU since 8.1 it opens its stats fds before the vCPUs run and keeps them: another
 * process can duplicate them, and needs nothing else of this one.
 */
public final class Guest implements AutoCloseable {
  /** More fit into its memory, but not onto anyone's screen. */
  public static final int VCPUS_MAX = 64;

  private final Mapping memory;
  private final KvmVm vm;
  private final List<Vcpu> vcpus = new ArrayList<>();
  private @Nullable Fd stats;
  private boolean closed;

  /** Makes a VM that {@link #build} is for; {@link #start} does both. */
  Guest(Kvm kvm) throws IOException {
    this.memory = Mapping.anonymous(Program.MEMORY_BYTES);
    try {
      this.vm = kvm.createVm();
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /**
   * Starts a VM.
   *
   * @param kvm the device
   * @param lives one per vCPU, at most {@link #VCPUS_MAX}
   * @return the VM, running
   * @throws IOException when KVM refuses
   */
  public static Guest start(Kvm kvm, List<Life> lives) throws IOException {
    if (lives.isEmpty() || lives.size() > VCPUS_MAX) {
      throw new IllegalArgumentException("1 to " + VCPUS_MAX + " vCPUs, not " + lives.size());
    }
    Guest guest = new Guest(kvm);
    try {
      guest.build(kvm, lives);
      return guest;
    } catch (IOException | RuntimeException e) {
      guest.close();
      throw e;
    }
  }

  void build(Kvm kvm, List<Life> lives) throws IOException {
    put(0, Program.vectors());
    put(Program.HANDLER, Program.handler());
    vm.setUserMemoryRegion(0, 0, memory.segment());
    vm.createIrqchip();
    stats = vm.statsFd();
    for (Life life : lives) {
      int id = vcpus.size();
      put(Program.page(id), Program.life(life));
      vcpus.add(Vcpu.start(kvm, vm, id));
    }
  }

  private void put(int address, byte[] bytes) {
    MemorySegment.copy(bytes, 0, memory.segment(), ValueLayout.JAVA_BYTE, address, bytes.length);
  }

  /** {@return the VM, for those in its process} */
  public KvmVm vm() {
    return vm;
  }

  /** Lets each vCPU finish its round and stop; statistics no longer move, and can still be read. */
  public void stop() {
    memory.segment().set(ValueLayout.JAVA_BYTE, Program.STOP_FLAG, (byte) 1);
    vcpus.forEach(Vcpu::awaitStop);
  }

  /** Stops the vCPUs and frees everything; once is enough, and twice is harmless. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    stop();
    closed = true;
    vcpus.forEach(Vcpu::close);
    if (stats != null) {
      stats.close();
    }
    vm.close();
    memory.close();
  }
}
