package io.kvmstats.bench;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.Source;
import io.kvmstats.acquire.StatsFd;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * 64 vCPUs of another process, which is stopped: with the times of their threads and, by other
 * descriptors of the same files, without.
 */
final class VcpuThreads64 implements AutoCloseable {
  private static final int VCPUS = 64;

  private final GuestProcess guest;
  private final AcquiredVmm acquired;
  private final List<StatsObject> without = new ArrayList<>();

  VcpuThreads64() throws IOException, InterruptedException {
    guest = GuestProcess.start("bench", Collections.nCopies(VCPUS, Life.PORT_IO)).awaitRunning();
    new ProcessBuilder("kill", "-STOP", Integer.toString(guest.pid())).start().waitFor();
    acquired = new Acquirer().acquire(find(guest.pid()));
    if (acquired.isIncomplete()) {
      throw new IOException("the threads of the guest's vCPUs can't be told");
    }
    for (StatsObject vcpu : with()) {
      StatsFd bytes = new StatsFd(acquired.vmm().process().getfd(vcpu.held().number()));
      without.add(
          new StatsObject(
              vcpu.held(),
              StatsFileDecoder.decode(bytes, ByteOrder.nativeOrder()),
              bytes,
              Source.DUP));
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
    return without;
  }

  @Override
  public void close() throws IOException {
    without.forEach(StatsObject::close);
    acquired.close();
    guest.kill();
    guest.close();
  }
}
