package io.kvmstats.cli;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.Source;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Has the VMM open its stats fds for us each time anew: what else is done once, when it is found.
 */
final class AttachPhase implements Phase {
  private static final int PER_SECOND = 10;

  /** A thread may be one that can't be stopped just now: it mostly can a moment later. */
  private static final int TRIES = 5;

  private final Acquirer acquirer = new Acquirer(true, List.of());
  private final Vmm vmm;

  private AttachPhase(Vmm vmm) {
    this.vmm = vmm;
  }

  /**
   * Finds a VM, and does not touch it yet.
   *
   * @param pid its VMM's
   * @throws IOException when it is not found
   */
  static AttachPhase start(int pid) throws IOException {
    return new AttachPhase(find(pid));
  }

  /**
   * {@return the VMM in a process}
   *
   * @throws IOException when there is none
   */
  static Vmm find(int pid) throws IOException {
    Optional<Vmm> found = Optional.empty();
    for (Vmm vmm : new Host().scan().vmms()) {
      if (vmm.pid() == pid) {
        found = Optional.of(vmm);
      } else {
        vmm.close();
      }
    }
    return found.orElseThrow(() -> new IOException("no VM is found in process " + pid));
  }

  @Override
  public String name() {
    return Source.ATTACH.label();
  }

  @Override
  public boolean reads() {
    return true;
  }

  @Override
  public int perSecond() {
    return PER_SECOND;
  }

  @Override
  public void read() throws IOException {
    Optional<String> shortfall = attach();
    for (int i = 1; i < TRIES && shortfall.isPresent(); i++) {
      shortfall = attach();
    }
    if (shortfall.isPresent()) {
      throw new IOException(shortfall.get());
    }
  }

  private Optional<String> attach() throws IOException {
    try (AcquiredVmm acquired = acquirer.acquire(withoutStats())) {
      return acquired.shortfall();
    }
  }

  /** {@return the same VMM, taken for one that keeps no stats fds} */
  private Vmm withoutStats() throws IOException {
    return new Vmm(
        Pidfd.open(vmm.pid()),
        vmm.key(),
        vmm.program(),
        vmm.identity(),
        vmm.vms(),
        vmm.vcpus(),
        List.of(),
        List.of());
  }

  @Override
  public void close() {
    vmm.close();
  }
}
