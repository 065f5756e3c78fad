package io.kvmstats.discover;

import io.kvmstats.linux.Errno;
import io.kvmstats.linux.Kcmp;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** Looks through the processes of this host for VMs. */
public final class Host {
  /** The kernel cuts a process's name to this length. */
  private static final int COMM_LENGTH = 15;

  private final ProcFs proc;
  private final LibvirtStatus libvirt;
  private final Published published;
  private final Borrowed borrowed;

  /** Makes a view of this machine. */
  public Host() {
    this(Path.of("/proc"));
  }

  /**
   * Makes a view of a machine that a test makes up.
   *
   * @param root where its /proc is; its /run is beside
   */
  Host(Path root) {
    this.proc = new ProcFs(root);
    this.libvirt = new LibvirtStatus(root.resolveSibling("run"));
    this.published = new Published(proc);
    this.borrowed = new Borrowed(proc);
  }

  /**
   * What a scan found.
   *
   * @param vmms ordered by pid; the caller closes each
   * @param hidden ordered by pid
   */
  public record Scan(List<Vmm> vmms, List<Hidden> hidden) implements AutoCloseable {
    @Override
    public void close() {
      vmms.forEach(Vmm::close);
    }
  }

  /**
   * Looks at every process once. Costs a readlink per descriptor on the host that may be seen.
   *
   * @throws IOException when /proc itself can't be read
   */
  public Scan scan() throws IOException {
    List<Vmm> vmms = new ArrayList<>();
    List<Hidden> hidden = new ArrayList<>();
    Identities identities = new Identities(proc, libvirt);
    for (int pid : proc.pids()) {
      look(pid, identities, vmms, hidden);
    }
    vmms.sort(Comparator.comparingInt(Vmm::pid));
    hidden.sort(Comparator.comparingInt(Hidden::pid));
    return new Scan(List.copyOf(vmms), List.copyOf(hidden));
  }

  private void look(int pid, Identities identities, List<Vmm> vmms, List<Hidden> hidden) {
    try {
      if (mayHoldVm(proc.kvmFds(pid))) {
        open(pid, identities).ifPresent(vmms::add);
      }
    } catch (AccessDeniedException e) {
      if (looksLikeVmm(pid)) {
        hidden.add(hidden(pid, identities, "another user's process: run as root or as its user"));
      }
    } catch (IOException e) {
      if (exists(pid)) {
        hidden.add(hidden(pid, identities, String.valueOf(e.getMessage())));
      }
    }
  }

  /** What every user may see of a process. */
  private Hidden hidden(int pid, Identities identities, String why) {
    String program = program(pid);
    return new Hidden(pid, program, identities.of(pid, program), why);
  }

  /**
   * {@return a process, whether it holds VMs or not, without what it holds}
   *
   * @param process belongs to the result, and is closed when there is none
   * @throws IOException when it has ended, or can't be looked at
   */
  public Vmm process(Pidfd process) throws IOException {
    try {
      Vmm vmm = vmm(process, List.of());
      if (!process.isAlive()) {
        throw new IOException("process " + process.pid() + " has ended");
      }
      return vmm;
    } catch (IOException | RuntimeException e) {
      process.close();
      throw e;
    }
  }

  /** {@return the process, unless it is gone or holds no VM any more} */
  private Optional<Vmm> open(int pid, Identities identities) throws IOException {
    Pidfd process = Pidfd.open(pid);
    try {
      // From here on the pid is this process's, if it is still alive when all is read.
      Vmm vmm = vmm(process, identities, borrowed.without(pid, proc.kvmFds(pid)));
      boolean holdsVm = !vmm.vms().isEmpty() || !vmm.vcpus().isEmpty();
      if (holdsVm && process.isAlive()) {
        return Optional.of(vmm);
      }
      process.close();
      return Optional.empty();
    } catch (IOException | RuntimeException e) {
      process.close();
      throw e;
    }
  }

  /**
   * What the kernel counts goes before what the process says; a VMM on a kernel without stats fds
   * may publish its own.
   */
  private Vmm vmm(Pidfd process, Identities identities, List<KvmFd> fds) throws IOException {
    int pid = process.pid();
    List<KvmFd> vms = distinct(pid, fds, KvmFd.Kind.VM);
    List<KvmFd> vcpus = distinct(pid, fds, KvmFd.Kind.VCPU);
    boolean ofKvm = !vms.isEmpty() || !vcpus.isEmpty();
    List<KvmFd> vmStats = ofKvm ? distinct(pid, fds, KvmFd.Kind.VM_STATS) : List.of();
    List<KvmFd> vcpuStats = ofKvm ? distinct(pid, fds, KvmFd.Kind.VCPU_STATS) : List.of();
    if (vmStats.isEmpty() && vcpuStats.isEmpty()) {
      List<KvmFd> own = published.of(pid, fds);
      vmStats = ofKind(own, KvmFd.Kind.PUBLISHED_VM_STATS);
      vcpuStats = ofKind(own, KvmFd.Kind.PUBLISHED_VCPU_STATS);
    }
    String program = program(pid);
    return new Vmm(
        process,
        new Vmm.Key(pid, proc.startTicks(pid)),
        program,
        identities.of(pid, program),
        ofKvm ? vms : vmStats,
        ofKvm ? vcpus : vcpuStats,
        vmStats,
        vcpuStats);
  }

  /** A process with KVM's stats fds alone is a reader such as this one, which was passed them. */
  private static boolean mayHoldVm(List<KvmFd> fds) {
    return fds.stream()
        .map(KvmFd::kind)
        .anyMatch(kind -> kind == KvmFd.Kind.VM || kind == KvmFd.Kind.VCPU || kind.isPublished());
  }

  private static List<KvmFd> ofKind(List<KvmFd> fds, KvmFd.Kind kind) {
    return inOrder(fds.stream().filter(fd -> fd.kind() == kind).toList());
  }

  private static List<KvmFd> inOrder(List<KvmFd> fds) {
    return fds.stream()
        .sorted(Comparator.comparingInt(KvmFd::vcpu).thenComparingInt(KvmFd::number))
        .toList();
  }

  /**
   * {@return of each open file one descriptor: dup(2) makes no second VM}
   *
   * <p>Without those that were closed since they were listed, as a VMM's are that opens its stats
   * fds for a moment.
   */
  private static List<KvmFd> distinct(int pid, List<KvmFd> fds, KvmFd.Kind kind)
      throws IOException {
    Comparator<KvmFd> byFile =
        (a, b) -> {
          try {
            return Kcmp.compareFiles(pid, a.number(), pid, b.number());
          } catch (LinuxException e) {
            if (e.errno() == Errno.EBADF) {
              // One is closed: both stay in, until they are looked at below.
              return Integer.compare(a.number(), b.number());
            }
            throw new UncheckedIOException(e);
          }
        };
    TreeSet<KvmFd> files =
        new TreeSet<>(Comparator.comparingInt(KvmFd::vcpu).thenComparing(byFile));
    try {
      fds.stream().filter(fd -> fd.kind() == kind).forEach(files::add);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    List<KvmFd> distinct = new ArrayList<>();
    for (KvmFd fd : files) {
      if (isOpen(pid, fd)) {
        distinct.add(fd);
      }
    }
    return inOrder(distinct);
  }

  private static boolean isOpen(int pid, KvmFd fd) throws LinuxException {
    try {
      return Kcmp.compareFiles(pid, fd.number(), pid, fd.number()) == 0;
    } catch (LinuxException e) {
      if (e.errno() == Errno.EBADF) {
        return false;
      }
      throw e;
    }
  }

  /**
   * {@return the program's name: the process's own, or in full where the kernel cut it and the
   * command line goes on the same way}
   */
  private String program(int pid) {
    try {
      String comm = proc.comm(pid);
      List<String> arguments = comm.length() < COMM_LENGTH ? List.of() : proc.commandLine(pid);
      if (!arguments.isEmpty()) {
        String path = arguments.getFirst();
        String base = path.substring(path.lastIndexOf('/') + 1);
        return base.startsWith(comm) ? base : comm;
      }
      return comm;
    } catch (IOException e) {
      return "?";
    }
  }

  /**
   * A guess from what every user may see: the names of the process and of its threads. KVM starts a
   * thread of its own within every VMM (since Linux 6.14), and QEMU names its vCPUs' threads.
   */
  private boolean looksLikeVmm(int pid) {
    try {
      if (proc.hasEnded(pid)) {
        return false; // Nobody but root may list a zombie's descriptors, and it has none.
      }
      if (proc.comm(pid).startsWith("qemu-system")) {
        return true;
      }
      for (int tid : proc.tids(pid)) {
        String thread = proc.comm(pid, tid);
        if (thread.equals("kvm-nx-lpage-re") || thread.matches("CPU \\d+/KVM")) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      return false; // Gone, or hidden altogether: nothing to tell of it.
    }
  }

  private boolean exists(int pid) {
    try {
      proc.comm(pid);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
