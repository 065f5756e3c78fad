package io.kvmstats.discover;

import io.kvmstats.linux.Errno;
import io.kvmstats.linux.Kcmp;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
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

  /** Makes a view of this machine's /proc. */
  public Host() {
    this(Path.of("/proc"));
  }

  Host(Path root) {
    this.proc = new ProcFs(root);
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
    for (int pid : proc.pids()) {
      look(pid, vmms, hidden);
    }
    vmms.sort(Comparator.comparingInt(Vmm::pid));
    hidden.sort(Comparator.comparingInt(Hidden::pid));
    return new Scan(List.copyOf(vmms), List.copyOf(hidden));
  }

  private void look(int pid, List<Vmm> vmms, List<Hidden> hidden) {
    try {
      if (holdsVm(kvmFds(pid))) {
        open(pid).ifPresent(vmms::add);
      }
    } catch (AccessDeniedException e) {
      if (looksLikeVmm(pid)) {
        hidden.add(hidden(pid, "another user's process: run as root or as its user"));
      }
    } catch (IOException e) {
      if (exists(pid)) {
        hidden.add(hidden(pid, String.valueOf(e.getMessage())));
      }
    }
  }

  /** What every user may see of a process. */
  private Hidden hidden(int pid, String why) {
    Optional<VmName> name;
    try {
      name = VmName.ofCommandLine(proc.commandLine(pid));
    } catch (IOException e) {
      name = Optional.empty();
    }
    return new Hidden(pid, program(pid), name, why);
  }

  /** {@return the process, unless it is gone or holds no VM any more} */
  private Optional<Vmm> open(int pid) throws IOException {
    Pidfd process = Pidfd.open(pid);
    try {
      // From here on the pid is this process's, if it is still alive when all is read.
      List<KvmFd> fds = kvmFds(pid);
      Vmm vmm =
          new Vmm(
              process,
              new Vmm.Key(pid, proc.startTicks(pid)),
              program(pid),
              VmName.ofCommandLine(proc.commandLine(pid)),
              distinct(pid, fds, KvmFd.Kind.VM),
              distinct(pid, fds, KvmFd.Kind.VCPU),
              distinct(pid, fds, KvmFd.Kind.VM_STATS),
              distinct(pid, fds, KvmFd.Kind.VCPU_STATS));
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

  /** A process with stats fds alone is a reader such as this one, to which they were passed. */
  private static boolean holdsVm(List<KvmFd> fds) {
    return fds.stream().anyMatch(fd -> fd.kind() == KvmFd.Kind.VM || fd.kind() == KvmFd.Kind.VCPU);
  }

  private List<KvmFd> kvmFds(int pid) throws IOException {
    List<KvmFd> fds = new ArrayList<>();
    for (int number : proc.fds(pid)) {
      try {
        KvmFd.parse(number, proc.fdLink(pid, number)).ifPresent(fds::add);
      } catch (AccessDeniedException e) {
        throw e; // So is every other one.
      } catch (FileSystemException e) {
        // Closed since the folder was listed, or an odd file of a long name: KVM's are short.
      }
    }
    fds.sort(Comparator.comparingInt(KvmFd::number));
    return fds;
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
            return Kcmp.compareFiles(pid, a.number(), b.number());
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
    distinct.sort(Comparator.comparingInt(KvmFd::vcpu).thenComparingInt(KvmFd::number));
    return List.copyOf(distinct);
  }

  private static boolean isOpen(int pid, KvmFd fd) throws LinuxException {
    try {
      return Kcmp.compareFiles(pid, fd.number(), fd.number()) == 0;
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
