package io.kvmstats.bench;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.io.IOException;
import java.util.Collections;
import java.util.List;

/** 64 vCPUs of another process, which is stopped: with the times of their threads, and without. */
final class VcpuThreads64 implements AutoCloseable {
  private static final int VCPUS = 64;

  private final GuestProcess guest;
  private final AcquiredVmm acquired;

  VcpuThreads64() throws IOException, InterruptedException {
    guest = GuestProcess.start("bench", Collections.nCopies(VCPUS, Life.PORT_IO)).awaitRunning();
    new ProcessBuilder("kill", "-STOP", Integer.toString(guest.pid())).start().waitFor();
    acquired = new Acquirer().acquire(find(guest.pid()));
    if (acquired.isIncomplete()) {
      throw new IOException("the threads of the guest's vCPUs can't be told");
    }
  }

  private static Vmm find(int pid) throws IOException {
    for (Vmm vmm : new Host().scan().vmms()) {
      if (vmm.pid() == pid) {
        return vmm;
      }
      vmm.close();
    }
    throw new IOException("the guest is not found");
  }

  /** {@return the vCPUs, with the times of their threads} */
  List<StatsObject> with() {
    return acquired.objects().stream().filter(StatsObject::isVcpu).toList();
  }

  /** {@return the same vCPUs, with what KVM counts alone} */
  List<StatsObject> without() {
    return with().stream().map(KernelsAlone::of).toList();
  }

  @Override
  public void close() throws IOException {
    acquired.close();
    guest.kill();
    guest.close();
  }
}
