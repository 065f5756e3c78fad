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
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;

/** Looks through the processes of this host for VMs. */
public final class Host {
  private final ProcFs proc;

  /** What libvirt says of a program's processes, by pid. */
  private final Function<String, Map<Integer, VmIdentity>> libvirt;

  private final Outside outside;
  private final Published published;
  private final Borrowed borrowed;
  private final Rescan rescan;

  /** Makes a view of this machine. */
  public Host() {
    this(Path.of("/proc"));
  }

  /**
   * {@return a view of this machine for a process with privileges: names come from /proc alone, and
   * nobody's files are parsed for them}
   */
  public static Host ofProcAlone() {
    ProcFs proc = new ProcFs(Path.of("/proc"));
    return new Host(proc, program -> Map.of(), Path.of("/sys"));
  }

  /**
   * Makes a view of a machine that a test makes up.
   *
   * @param root where its /proc is; its /run and /sys are beside
   */
  Host(Path root) {
    this(new ProcFs(root), root.resolveSibling("run"), root.resolveSibling("sys"));
  }

  Host(ProcFs proc, Path run, Path sys) {
    this(proc, new LibvirtStatus(run)::of, sys);
  }

  private Host(ProcFs proc, Function<String, Map<Integer, VmIdentity>> libvirt, Path sys) {
    this.proc = proc;
    this.libvirt = libvirt;
    this.outside = new Outside(proc);
    this.published = new Published(proc);
    this.rescan = new Rescan(proc, new KvmEvents(sys));
    this.borrowed = new Borrowed(proc, rescan);
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
   * Looks at every process that may hold a VM: at the first scan all, with a readlink per
   * descriptor that may be seen; later those that are new, have changed or hold one, and a share of
   * the rest. Of a process with more than 16,384 descriptors the first scan looks at so many, and
   * each later one at 4,096 more: so no process holds up a scan for long.
   *
   * @throws IOException when /proc itself can't be read
   */
  public Scan scan() throws IOException {
    List<Vmm> vmms = new ArrayList<>();
    List<Hidden> hidden = new ArrayList<>();
    Identities identities = new Identities(proc, libvirt);
    rescan.begin();
    borrowed.begin();
    for (int pid : proc.pids()) {
      look(pid, identities, vmms, hidden);
    }
    rescan.end();
    vmms.sort(Comparator.comparingInt(Vmm::pid));
    hidden.sort(Comparator.comparingInt(Hidden::pid));
    return new Scan(List.copyOf(vmms), List.copyOf(hidden));
  }

  private void look(int pid, Identities identities, List<Vmm> vmms, List<Hidden> hidden) {
    try {
      // Before they are looked at: what changes meanwhile, the next scan sees.
      ProcFs.FdTable table = proc.fdTable(pid);
      if (rescan.isStillDull(pid, table)) {
        return;
      }
      Optional<Rescan.Holder> before = rescan.holder(pid, table);
      if (before.isPresent()) {
        open(pid, table, identities, process -> again(process, table, before.get()))
            .ifPresent(vmms::add);
        return;
      }
      try {
        ProcFs.Fds fds = proc.kvmFds(pid, rescan.known(pid, table));
        if (mayHoldVm(fds.kvm())) {
          open(pid, table, identities, process -> introduced(process, fds, identities))
              .ifPresent(vmms::add);
        } else {
          rescan.holdsNone(pid, table, fds);
        }
      } catch (AccessDeniedException e) {
        if (outside.looksLikeVmm(pid)) {
          hidden.add(hidden(pid, identities, "another user's process: run as root or as its user"));
        }
      }
    } catch (IOException e) {
      if (outside.exists(pid)) {
        hidden.add(hidden(pid, identities, String.valueOf(e.getMessage())));
      }
    }
  }

  private Hidden hidden(int pid, Identities identities, String why) {
    String program = outside.program(pid);
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
      Vmm vmm = who(process, new Identities(proc, libvirt));
      if (!process.isAlive()) {
        throw new IOException("process " + process.pid() + " has ended");
      }
      return vmm;
    } catch (IOException | RuntimeException e) {
      process.close();
      throw e;
    }
  }

  /** What is to be found out of a process while its pidfd holds it. */
  private interface Look {
    Rescan.Holder at(Pidfd process) throws IOException;
  }

  /**
   * {@return the process, unless it is gone or holds no VM any more}
   *
   * @param table its descriptors, as they were before it was looked at
   */
  private Optional<Vmm> open(int pid, ProcFs.FdTable table, Identities identities, Look look)
      throws IOException {
    Pidfd process = Pidfd.open(pid);
    try {
      // From here on the pid is this process's, if it is still alive when all is read.
      ProcFs.FdTable now = proc.fdTable(pid);
      boolean isSame = now.folder().equals(table.folder());
      Rescan.Holder holder =
          isSame
              ? look.at(process)
              : introduced(process, proc.kvmFds(pid, Optional.empty()), identities);
      Vmm vmm = holder.vmm();
      boolean holdsVm = !vmm.vms().isEmpty() || !vmm.vcpus().isEmpty();
      if (holdsVm && process.isAlive()) {
        rescan.holds(pid, isSame ? table : now, holder);
        return Optional.of(vmm);
      }
      rescan.holdsNone(pid, isSame ? table : now, holder.held());
      process.close();
      return Optional.empty();
    } catch (IOException | RuntimeException e) {
      process.close();
      throw e;
    }
  }

  /** {@return what a process holds that is known} */
  private Rescan.Holder again(Pidfd process, ProcFs.FdTable table, Rescan.Holder before)
      throws IOException {
    int pid = process.pid();
    long threads = proc.threads(pid);
    if (rescan.holdsTheSame(pid, table, threads, before)) {
      return before.with(process);
    }
    ProcFs.Fds held = proc.kvmFds(pid, Optional.of(before.held()));
    return new Rescan.Holder(vmm(process, before.vmm(), held), held, threads);
  }

  /** {@return what a process holds that is new} */
  private Rescan.Holder introduced(Pidfd process, ProcFs.Fds held, Identities identities)
      throws IOException {
    Vmm who = who(process, identities);
    return new Rescan.Holder(vmm(process, who, held), held, Rescan.UNKNOWN_THREADS);
  }

  /** {@return a process, without what it holds} */
  private Vmm who(Pidfd process, Identities identities) throws IOException {
    int pid = process.pid();
    Vmm.Key key = new Vmm.Key(pid, proc.startTicks(pid));
    String program = outside.program(pid);
    VmIdentity identity = identities.of(pid, program);
    return new Vmm(process, key, program, identity, List.of(), List.of(), List.of(), List.of());
  }

  /**
   * What the kernel counts goes before what the process says; a VMM on a kernel without stats fds
   * may publish its own.
   *
   * @param who the same process
   */
  private Vmm vmm(Pidfd process, Vmm who, ProcFs.Fds held) throws IOException {
    int pid = process.pid();
    List<KvmFd> fds = borrowed.without(pid, held);
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
    return new Vmm(
        process,
        who.key(),
        who.program(),
        who.identity(),
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
}
