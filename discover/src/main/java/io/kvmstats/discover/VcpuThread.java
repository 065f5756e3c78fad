package io.kvmstats.discover;

import io.kvmstats.linux.Kcmp;
import io.kvmstats.linux.LinuxException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Tells which thread of a VMM runs a vCPU, without stopping any.
 *
 * <p>The id in a vCPU's stats file says which thread created it, {@code kvm-TID/vcpu-N}
 * (kvm_create_vcpu, virt/kvm/kvm_main.c, Linux 6.12). With QEMU that is the one that runs it;
 * others create all of theirs on one thread. So it counts only with what /proc says of the thread:
 * that it sleeps in KVM_RUN on this vCPU, or has a name that VMMs give to the thread of a vCPU of
 * this number. Thread-safe.
 */
public final class VcpuThread {
  /** QEMU's with debug-threads=on, Firecracker's, cloud-hypervisor's, crosvm's, kvmtool's. */
  private static final List<String> NAMES =
      List.of("CPU #/KVM", "fc_vcpu #", "vcpu#", "crosvm_vcpu#", "kvm-vcpu-#");

  private static final int THREADS_MAX = 16_384;
  private static final int TID_DIGITS_MAX = 9;

  private final ProcFs proc;

  VcpuThread(ProcFs proc) {
    this.proc = proc;
  }

  /** What /proc says of a thread and a vCPU. */
  private enum Sign {
    RUNS,
    NAMED,
    NONE
  }

  /**
   * {@return the tid of the thread that runs a vCPU, if that is sure and the process is alive}
   *
   * <p>A VMM may move a vCPU to another thread, though none is known to.
   *
   * @param vmm the process, which is open
   * @param vcpu the vCPU's number
   * @param statsId the id in its stats file; if another vCPU of the process has the same, both are
   *     unknown, and this must not be asked
   * @throws IOException when /proc does not list its threads
   */
  public static OptionalInt of(Vmm vmm, int vcpu, String statsId) throws IOException {
    VcpuThread threads = new VcpuThread(new ProcFs(Path.of("/proc")));
    List<KvmFd> vcpus = vmm.vcpus().stream().filter(fd -> fd.vcpu() == vcpu).toList();
    try {
      OptionalInt thread = threads.find(vmm.pid(), vcpus, statsId, vmm.vms().size() == 1);
      if (vmm.process().isAlive()) {
        return thread;
      }
    } catch (NoSuchFileException e) {
      // It has just ended.
    }
    return OptionalInt.empty();
  }

  /**
   * {@return the thread that runs one of some vCPUs}
   *
   * @param pid the process
   * @param vcpus of one number; one is meant
   * @param statsId that one's
   * @param isOnly whether there can't be another one of this number in the process
   */
  OptionalInt find(int pid, List<KvmFd> vcpus, String statsId, boolean isOnly) throws IOException {
    if (vcpus.isEmpty()) {
      return OptionalInt.empty();
    }
    int creator = creator(statsId, vcpus.getFirst().vcpu());
    if (creator != Digits.NONE && sign(pid, creator, vcpus) != Sign.NONE) {
      return OptionalInt.of(creator);
    }
    if (!isOnly) {
      return OptionalInt.empty();
    }
    List<Integer> running = new ArrayList<>();
    List<Integer> named = new ArrayList<>();
    for (int tid : proc.tids(pid).stream().limit(THREADS_MAX).toList()) {
      switch (sign(pid, tid, vcpus)) {
        case RUNS -> running.add(tid);
        case NAMED -> named.add(tid);
        case NONE -> {}
      }
    }
    List<Integer> likely = running.isEmpty() ? named : running;
    return likely.size() == 1 ? OptionalInt.of(likely.getFirst()) : OptionalInt.empty();
  }

  private static int creator(String statsId, int vcpu) {
    String start = "kvm-";
    String end = "/vcpu-" + vcpu;
    boolean isWhole =
        statsId.length() > start.length() + end.length()
            && statsId.startsWith(start)
            && statsId.endsWith(end);
    return isWhole
        ? Digits.parse(
            statsId.substring(start.length(), statsId.length() - end.length()), TID_DIGITS_MAX)
        : Digits.NONE;
  }

  private Sign sign(int pid, int tid, List<KvmFd> vcpus) {
    try {
      VmmThread.Call call = VmmThread.call(proc.systemCall(pid, tid));
      if (call.what() == VmmThread.What.KERNELS_OWN) {
        return Sign.NONE;
      }
      if (call.what() == VmmThread.What.RUNS_VCPU) {
        return vcpus.stream().anyMatch(fd -> isBehind(pid, fd, call.vcpu()))
            ? Sign.RUNS
            : Sign.NONE;
      }
    } catch (IOException e) {
      // Not for us to read, or it has ended; then it has no name either.
    }
    try {
      String number = Integer.toString(vcpus.getFirst().vcpu());
      String name = proc.comm(pid, tid);
      return NAMES.stream().anyMatch(of -> of.replace("#", number).equals(name))
          ? Sign.NAMED
          : Sign.NONE;
    } catch (IOException e) {
      return Sign.NONE;
    }
  }

  private static boolean isBehind(int pid, KvmFd fd, int number) {
    try {
      return fd.number() == number || Kcmp.compareFiles(pid, fd.number(), pid, number) == 0;
    } catch (LinuxException e) {
      return false; // Closed.
    }
  }
}
