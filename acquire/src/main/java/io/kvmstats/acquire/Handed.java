package io.kvmstats.acquire;

import io.kvmstats.discover.Hidden;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Stats fds that processes handed in of their own accord, as long as they let us have them.
 *
 * <p>Thread-safe: they come on one thread, and are looked at on another. The first one sweeps too
 * and must not wait for the other: what may take long, such as to close what was handed in or to
 * read what /proc says of a process, which that process can delay, is done without the lock.
 */
public final class Handed {
  /** Where a name comes from that a process gave with its descriptors. */
  private static final String ORIGIN = "handed";

  private final List<Giver> givers = new ArrayList<>();

  /**
   * What is handed in gets a number that nothing before it had: no two are taken for each other.
   */
  private final AtomicInteger next = new AtomicInteger();

  /** Makes one that nothing was handed in to. */
  public Handed() {}

  /** One VM's descriptors, from one process. */
  public final class Giver implements AutoCloseable {
    private final Pidfd process;
    private final Map<KvmFd, Fd> files = new LinkedHashMap<>();
    private Optional<VmName> name = Optional.empty();
    private Optional<String> refusal = Optional.empty();

    private Giver(Pidfd process) {
      this.process = process;
    }

    /**
     * Sets what the VM is called.
     *
     * @param text may contain any character
     */
    public void name(String text) {
      synchronized (Handed.this) {
        name = Optional.of(new VmName(text, ORIGIN));
      }
    }

    /**
     * Takes a stats fd.
     *
     * @param file belongs to this from now on, unless it is refused: then whoever closes it should
     *     expect to wait, since it may be anything
     * @throws IOException when it is neither the kernel's nor a memfd that is named and sealed as
     *     one that publishes; nothing was read from it, since that might never end
     */
    public void add(Fd file) throws IOException {
      String link = file.link();
      KvmFd fd =
          KvmFd.parse(next.getAndIncrement(), link)
              .orElseThrow(() -> new IOException(refusal(link)));
      switch (fd.kind()) {
        case VM_STATS, VCPU_STATS -> {}
        case PUBLISHED_VM_STATS, PUBLISHED_VCPU_STATS -> Seals.check(file);
        default -> throw new IOException(refusal(link));
      }
      synchronized (Handed.this) {
        if (!givers.contains(this)) {
          throw new IOException("process " + process.pid() + " has ended");
        }
        files.put(fd, file);
      }
    }

    private static String refusal(String link) {
      return link + " is no stats fd, and no memfd that is named as one";
    }

    /**
     * {@return whether its process has ended} Its connection may live on in a child, and what it
     * handed in pins a VM in the kernel.
     */
    private boolean hasEnded() {
      try {
        return !process.isAlive();
      } catch (LinuxException e) {
        return false; // Not known to have.
      }
    }

    /** {@return how many descriptors it has handed in} */
    public int size() {
      synchronized (Handed.this) {
        return files.size();
      }
    }

    /** {@return why what it handed in is not read, if it has been refused since} */
    public Optional<String> refusal() {
      synchronized (Handed.this) {
        return refusal;
      }
    }

    /** Takes back all that was handed in: the VM is gone, as far as this process goes. */
    @Override
    public void close() {
      List<Fd> taken;
      synchronized (Handed.this) {
        if (!givers.remove(this)) {
          return; // Its process's end and its connection's are two.
        }
        taken = List.copyOf(files.values());
        files.clear();
      }
      taken.forEach(Fd::close);
      process.close();
    }
  }

  /**
   * Remembers for a process that what it handed in is not read.
   *
   * @param pid of who has handed in something; nothing happens when nobody with it has
   * @param why for people
   */
  public synchronized void refuse(int pid, String why) {
    for (Giver giver : givers) {
      if (giver.process.pid() == pid && !giver.files.isEmpty()) {
        giver.refusal = Optional.of(why);
      }
    }
  }

  /** What one has handed in by now. */
  private record Given(Giver giver, List<KvmFd> fds, Optional<VmName> name) {
    int pid() {
      return giver.process.pid();
    }
  }

  /** Looks at a process that holds no VM: {@link Host#process}. */
  public interface Look {
    /**
     * {@return the process}
     *
     * @param process belongs to the result
     * @throws IOException when it has ended
     */
    Vmm at(Pidfd process) throws IOException;
  }

  /**
   * {@return one who hands in, and has not yet}
   *
   * @param process who it is; closed with it
   */
  public synchronized Giver giver(Pidfd process) {
    Giver giver = new Giver(process);
    givers.add(giver);
    return giver;
  }

  /**
   * {@return a scan in which what was handed in takes the place of what would be duplicated}
   *
   * <p>What the kernel counts goes before what a process says: published statistics that a process
   * hands in are left aside where it holds VMs.
   *
   * <p>Lets go of what processes handed in that have ended.
   *
   * @param scan of this host; belongs to the result
   * @param look at who hands in and was not found
   */
  public Host.Scan merge(Host.Scan scan, Look look) {
    ended().forEach(Giver::close);
    List<Given> all = given();
    Map<Integer, Vmm> vmms = new HashMap<>();
    scan.vmms().forEach(vmm -> vmms.put(vmm.pid(), vmm));
    for (Given given : all) {
      if (!given.fds.isEmpty() && !vmms.containsKey(given.pid())) {
        process(given.giver, look).ifPresent(vmm -> vmms.put(vmm.pid(), vmm));
      }
    }
    Map<Integer, List<Given>> byPid = all.stream().collect(Collectors.groupingBy(Given::pid));
    vmms.replaceAll((pid, vmm) -> merge(vmm, byPid.getOrDefault(pid, List.of())));
    Set<Integer> seen = vmms.keySet();
    List<Hidden> hidden =
        scan.hidden().stream().filter(process -> !seen.contains(process.pid())).toList();
    return new Host.Scan(
        vmms.values().stream().sorted(Comparator.comparingInt(Vmm::pid)).toList(), hidden);
  }

  private synchronized List<Giver> ended() {
    return givers.stream().filter(Giver::hasEnded).toList();
  }

  private synchronized List<Given> given() {
    return givers.stream()
        .map(giver -> new Given(giver, List.copyOf(giver.files.keySet()), giver.name))
        .toList();
  }

  /** {@return who hands in without holding a VM, unless it has ended} */
  private Optional<Vmm> process(Giver giver, Look look) {
    try {
      Optional<Pidfd> process = hold(giver);
      return process.isEmpty() ? Optional.empty() : Optional.of(look.at(process.get()));
    } catch (IOException e) {
      return Optional.empty(); // Ended: its connection says so soon.
    }
  }

  private synchronized Optional<Pidfd> hold(Giver giver) throws LinuxException {
    return givers.contains(giver) ? Optional.of(giver.process.duplicate()) : Optional.empty();
  }

  private static Vmm merge(Vmm vmm, List<Given> all) {
    boolean ofKvm =
        vmm.vms().stream().anyMatch(fd -> !fd.kind().isPublished())
            || vmm.vcpus().stream().anyMatch(fd -> !fd.kind().isPublished());
    Predicate<KvmFd> counts = fd -> !(ofKvm && fd.kind().isPublished());
    List<KvmFd> handed = all.stream().flatMap(given -> given.fds.stream()).filter(counts).toList();
    List<KvmFd> vms = inOrder(handed, fd -> fd.vcpu() == KvmFd.NO_VCPU);
    List<KvmFd> vcpus = inOrder(handed, fd -> fd.vcpu() != KvmFd.NO_VCPU);
    Optional<VmName> name =
        all.stream().flatMap(given -> given.name.stream()).findFirst().or(vmm::name);
    VmIdentity identity = new VmIdentity(name, vmm.identity().uuid());
    return new Vmm(
        vmm.process(),
        vmm.key(),
        vmm.program(),
        identity,
        ofKvm || vms.isEmpty() ? vmm.vms() : vms,
        ofKvm || vcpus.isEmpty() ? vmm.vcpus() : vcpus,
        vms.isEmpty() ? vmm.vmStats() : vms,
        vcpus.isEmpty() ? vmm.vcpuStats() : vcpus);
  }

  private static List<KvmFd> inOrder(List<KvmFd> fds, Predicate<KvmFd> which) {
    return fds.stream()
        .filter(which)
        .sorted(Comparator.comparingInt(KvmFd::vcpu).thenComparingInt(KvmFd::number))
        .toList();
  }

  /**
   * {@return a duplicate of what was handed in as this, if it was}
   *
   * @param pid of whose
   * @param fd as a merged scan has it
   * @throws LinuxException EMFILE
   */
  synchronized Optional<Fd> find(int pid, KvmFd fd) throws LinuxException {
    for (Giver giver : givers) {
      Fd file = giver.process.pid() == pid ? giver.files.get(fd) : null;
      if (file != null) {
        return Optional.of(file.duplicate());
      }
    }
    return Optional.empty();
  }
}
