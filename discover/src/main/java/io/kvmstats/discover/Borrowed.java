package io.kvmstats.discover;

import io.kvmstats.linux.Kcmp;
import io.kvmstats.linux.LinuxException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Tells a process's own VMs from those of others that it reads.
 *
 * <p>A reader may hold duplicates of a VMM's VM and vCPUs, to know them again. It also holds that
 * VMM's pidfd, and that tells the two apart.
 */
final class Borrowed {
  private static final Comparator<Held> BY_FILE =
      Comparator.comparing((Held held) -> held.fd.kind())
          .thenComparingInt(held -> held.fd.vcpu())
          .thenComparing(Borrowed::compareFiles);

  /** Our own readers have room for 25,000 vCPUs, and whoever holds more must not hold us up. */
  private static final int OTHERS_MAX = 2 * ProcFs.FDS_MAX;

  private final ProcFs proc;
  private final Rescan rescan;

  /** What other processes hold, looked at once in a scan. */
  private final Map<Integer, List<KvmFd>> looks = new HashMap<>();

  /**
   * Has looked at nothing yet.
   *
   * @param rescan what is known of processes that have more descriptors than are looked at at once
   */
  Borrowed(ProcFs proc, Rescan rescan) {
    this.proc = proc;
    this.rescan = rescan;
  }

  /** A scan begins. */
  void begin() {
    looks.clear();
  }

  private record Held(int pid, KvmFd fd) {}

  /**
   * {@return what is a process's own}
   *
   * @param pid the process
   * @param fds its descriptors
   */
  List<KvmFd> without(int pid, ProcFs.Fds fds) throws IOException {
    TreeSet<Held> others = new TreeSet<>(BY_FILE);
    int left = OTHERS_MAX;
    for (int other : held(pid, fds.pidfds())) {
      List<KvmFd> theirs = kvmFds(other);
      theirs.stream().limit(left).forEach(fd -> others.add(new Held(other, fd)));
      left -= Math.min(left, theirs.size());
    }
    return others.isEmpty()
        ? fds.kvm()
        : fds.kvm().stream().filter(fd -> !others.contains(new Held(pid, fd))).toList();
  }

  private List<KvmFd> kvmFds(int other) throws IOException {
    List<KvmFd> known = looks.get(other);
    if (known != null) {
      return known;
    }
    List<KvmFd> found = List.of();
    try {
      found = proc.kvmFds(other, rescan.known(other, proc.fdTable(other))).kvm();
    } catch (FileSystemException e) {
      // It has ended, or is nothing that we may look at.
    }
    looks.put(other, found);
    return found;
  }

  /** {@return the other processes whose pidfds it holds} */
  private Set<Integer> held(int pid, List<Integer> pidfds) throws IOException {
    Set<Integer> others = new HashSet<>();
    for (int number : pidfds) {
      try {
        proc.pidOfPidfd(pid, number).ifPresent(others::add);
      } catch (FileSystemException e) {
        // Closed since it was listed.
      }
    }
    others.remove(pid);
    return others;
  }

  private static int compareFiles(Held a, Held b) {
    try {
      return Kcmp.compareFiles(a.pid, a.fd.number(), b.pid, b.fd.number());
    } catch (LinuxException e) {
      // One is closed, and so nobody's.
      return Comparator.comparingInt(Held::pid)
          .thenComparingInt(held -> held.fd.number())
          .compare(a, b);
    }
  }
}
