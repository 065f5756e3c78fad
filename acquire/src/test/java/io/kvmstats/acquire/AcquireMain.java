package io.kvmstats.acquire;

import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.util.List;

/** Tries to acquire a descriptor of another process, as the user that runs it. */
final class AcquireMain {
  private AcquireMain() {}

  /** {@code args}: the pid. */
  public static void main(String[] args) throws IOException {
    int pid = Integer.parseInt(args[0]);
    List<KvmFd> vmStats = List.of(new KvmFd(KvmFd.Kind.VM_STATS, 0, KvmFd.NO_VCPU));
    Vmm vmm =
        new Vmm(
            Pidfd.open(pid),
            new Vmm.Key(pid, 1),
            "vmm",
            VmIdentity.UNKNOWN,
            List.of(),
            List.of(),
            vmStats,
            List.of());
    try (AcquiredVmm acquired = new Acquirer().acquire(vmm)) {
      System.out.println(acquired.objects().size() + " " + acquired.shortfall().orElse("none"));
    }
  }
}
