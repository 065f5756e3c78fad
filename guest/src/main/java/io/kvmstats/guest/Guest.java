package io.kvmstats.guest;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVm;
import io.kvmstats.linux.Mapping;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
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

  /**
   * Makes a VM that {@link #build} is for; {@link #start} does both.
   *
   * @param memory the guest's, closed with it
   */
  Guest(Kvm kvm, Mapping memory) throws IOException {
    this.memory = memory;
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
    Mapping memory = Mapping.anonymous(Program.MEMORY_BYTES);
    return start(kvm, memory, lives.stream().map(Program::life).toList());
  }

  /**
   * Starts a VM whose one vCPU does nothing but keep account of when it does not run.
   *
   * @param kvm the device
   * @param memory a file that is the guest's memory: {@link GapMeter#path}
   * @return the VM, running
   * @throws IOException when KVM refuses
   */
  public static Guest measureGaps(Kvm kvm, Path memory) throws IOException {
    Mapping mapping = Mapping.shared(memory, Program.MEMORY_BYTES);
    return start(kvm, mapping, List.of(GapProgram.assemble()));
  }

  /**
   * Starts a VM.
   *
   * @param kvm the device
   * @param memory the guest's, closed with it
   * @param programs one per vCPU
   */
  static Guest start(Kvm kvm, Mapping memory, List<byte[]> programs) throws IOException {
    Guest guest = new Guest(kvm, memory);
    try {
      guest.build(kvm, programs);
      return guest;
    } catch (IOException | RuntimeException e) {
      guest.close();
      throw e;
    }
  }

  void build(Kvm kvm, List<byte[]> programs) throws IOException {
    put(0, Program.vectors());
    put(Program.HANDLER, Program.handler());
    vm.setUserMemoryRegion(0, 0, memory.segment());
    vm.createIrqchip();
    stats = vm.statsFd();
    for (byte[] program : programs) {
      int id = vcpus.size();
      put(Program.page(id), program);
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
