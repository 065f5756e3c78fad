package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A VM's binary form from its stats fd and those of its vCPUs.
 *
 * <p>A vCPU's is opened when the vCPU is created, since later the kernel might let that wait until
 * the vCPU is not running; and only from {@link KvmVm#binaryForm} on, since a descriptor per vCPU
 * is nothing that a VMM should have without asking for it.
 */
final class StatsFdVm extends KvmBinaryForm {
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;

  private final Fd stats;
  private final StatsBlock own;
  private final StatsBlock perVcpu;
  private final List<StatsFdVcpu> vcpus = new CopyOnWriteArrayList<>();

  /** What has been read and summed so far: only whole does it reach the caller. */
  private final long[] ownValues;

  private final long[] sums;

  private StatsFdVm(Fd vm, Fd stats, StatsBlock own, StatsBlock perVcpu) {
    super(vm, own.names().then(perVcpu.names()));
    this.stats = stats;
    this.own = own;
    this.perVcpu = perVcpu;
    this.ownValues = new long[own.count()];
    this.sums = new long[perVcpu.count()];
  }

  /**
   * {@return a VM's binary form}
   *
   * @param vm without vCPUs
   * @param ioctls the VM's
   * @throws IOException when there are no stats fds, or they can't be decoded
   */
  static StatsFdVm open(Fd vm, Ioctls ioctls) throws IOException {
    long capability = ioctls.call(KvmAbi.CHECK_EXTENSION, KvmAbi.CAP_BINARY_STATS_FD);
    LinuxException.check(capability, "ioctl KVM_CHECK_EXTENSION", vm.toString());
    if (capability != 1) {
      throw new IOException(
          "this kernel has neither the binary form of statistics nor stats fds (Linux 5.14)");
    }
    StatsBlock perVcpu = ofAnyVcpu();
    Fd stats = statsFd(vm);
    try {
      return new StatsFdVm(vm, stats, StatsBlock.of(stats), perVcpu);
    } catch (IOException | RuntimeException e) {
      stats.close();
      throw e;
    }
  }

  /** Of another VM's, since this one has none yet. */
  private static StatsBlock ofAnyVcpu() throws IOException {
    try (Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm();
        KvmVcpu vcpu = vm.createVcpu(0);
        Fd stats = vcpu.statsFd()) {
      return StatsBlock.of(stats);
    }
  }

  /** {@return the stats fd of a VM or vCPU} */
  static Fd statsFd(Fd object) throws LinuxException {
    long number = object.ioctl("KVM_GET_STATS_FD", KvmAbi.GET_STATS_FD, 0);
    return new Fd(number, "the statistics of " + object);
  }

  /** {@return the binary form of a vCPU that was created just now} */
  StatsFdVcpu addVcpu(Fd vcpu) throws LinuxException {
    StatsFdVcpu form = new StatsFdVcpu(object(), vcpu, statsFd(vcpu), perVcpu);
    vcpus.add(form);
    return form;
  }

  @Override
  synchronized void read(MemorySegment into) throws IOException {
    Arrays.fill(ownValues, 0);
    own.add(stats, ownValues);
    Arrays.fill(sums, 0);
    for (int i = 0; i < vcpus.size(); i++) { // An iterator would be allocated.
      perVcpu.add(vcpus.get(i).stats(), sums);
    }
    MemorySegment.copy(ownValues, 0, into, U64, 0, ownValues.length);
    MemorySegment.copy(sums, 0, into, U64, (long) ownValues.length * Long.BYTES, sums.length);
  }

  /** Is called when the VM has been closed. */
  void close() {
    stats.close();
    vcpus.forEach(StatsFdVcpu::closeIfUnused);
  }
}
