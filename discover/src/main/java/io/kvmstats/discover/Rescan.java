package io.kvmstats.discover;

import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What one scan leaves for the next one, so that nothing is looked at in vain.
 *
 * <p>A process in which nothing of KVM's was found is left out while KVM has made no VM ({@link
 * KvmEvents}) and it has as many descriptors as then. A VMM is taken to hold what it held if it
 * also has as many threads, since a new vCPU has one, and all that is KVM's is still there. What
 * none of these tells, such as a VM that is passed to a process which closes another file for it,
 * is found when it is the process's turn: all are looked at within {@link #TURNS} scans. On kernels
 * that do not count descriptors, all are in each.
 *
 * <p>Of a process with more descriptors than {@link ProcFs#FDS_MAX}, each scan looks at some more,
 * and at those that are known to be KVM's; not before it has seen all is it left out.
 */
final class Rescan {
  static final int TURNS = 16;

  /** They were not looked at before the descriptors were: the next scan reads all again. */
  static final long UNKNOWN_THREADS = -1;

  private final ProcFs proc;
  private final KvmEvents events;
  private Map<Integer, Seen> before = Map.of();
  private Map<Integer, Seen> now = new HashMap<>();
  private boolean onlyChanged;
  private int scans;

  Rescan(ProcFs proc, KvmEvents events) {
    this.proc = proc;
    this.events = events;
  }

  /**
   * What was seen of a process.
   *
   * @param table its descriptors, before the first of them was looked at
   * @param held what was found of KVM's and others' pidfds
   * @param holder what it holds, if that is a VM
   */
  private record Seen(ProcFs.FdTable table, ProcFs.Fds held, Optional<Holder> holder) {

    /** {@return whether nothing of KVM's was found, nor that there may be any} */
    boolean isDull() {
      return held.kvm().isEmpty() && held.next() == 0;
    }

    /** {@return whether it was the process that has these descriptors now} */
    boolean isOf(ProcFs.FdTable now) {
      return table.folder().equals(now.folder());
    }
  }

  /**
   * A process that holds a VM.
   *
   * @param vmm as it was found; its pidfd may be closed
   * @param held all that it holds of KVM's and others' pidfds
   * @param threads how many it had, before that was looked at, or {@link #UNKNOWN_THREADS}
   */
  record Holder(Vmm vmm, ProcFs.Fds held, long threads) {

    /** {@return the same of a pidfd that is open} */
    Holder with(Pidfd process) {
      return new Holder(vmm.with(process), held, threads);
    }
  }

  /** A scan begins. */
  void begin() {
    scans++;
    now = new HashMap<>();
    onlyChanged = events.nothingSince() && proc.countsFds();
  }

  /** A scan has seen all processes: the others are gone. */
  void end() {
    events.seen();
    before = now;
  }

  /** A process was looked at, and not found to hold a VM. */
  void holdsNone(int pid, ProcFs.FdTable table, ProcFs.Fds held) {
    now.put(pid, new Seen(first(pid, table), held, Optional.empty()));
  }

  /** A process was found to hold a VM. */
  void holds(int pid, ProcFs.FdTable table, Holder holder) {
    now.put(pid, new Seen(first(pid, table), holder.held, Optional.of(holder)));
  }

  /** {@return the descriptors before the first was looked at, if this look went on from there} */
  private ProcFs.FdTable first(int pid, ProcFs.FdTable table) {
    Seen seen = before.get(pid);
    return seen != null && seen.held.next() != 0 && seen.isOf(table) ? seen.table : table;
  }

  /**
   * {@return what the last scan found in a process, if it looked}
   *
   * @param pid the process
   * @param table its descriptors now
   */
  Optional<ProcFs.Fds> known(int pid, ProcFs.FdTable table) {
    Seen seen = before.get(pid);
    return seen != null && seen.isOf(table) ? Optional.of(seen.held) : Optional.empty();
  }

  /**
   * {@return whether a process surely holds nothing of KVM's, as before}
   *
   * @param pid the process
   * @param table its descriptors now
   */
  boolean isStillDull(int pid, ProcFs.FdTable table) {
    Seen seen = before.get(pid);
    boolean isDull =
        onlyChanged && !isTurnOf(pid) && seen != null && seen.isDull() && seen.table.equals(table);
    if (isDull) {
      now.put(pid, seen);
    }
    return isDull;
  }

  /**
   * {@return what a process held, if the last scan saw it hold a VM and it is not its turn to be
   * asked again}
   *
   * @param pid the process
   * @param table its descriptors now
   */
  Optional<Holder> holder(int pid, ProcFs.FdTable table) {
    Seen seen = before.get(pid);
    return seen == null || isTurnOf(pid) || !seen.isOf(table) ? Optional.empty() : seen.holder;
  }

  /**
   * {@return whether it is to be taken to hold the same}
   *
   * @param pid the process
   * @param table its descriptors now
   * @param threads how many it has now
   * @param holder what it held
   */
  boolean holdsTheSame(int pid, ProcFs.FdTable table, long threads, Holder holder) {
    Seen seen = before.get(pid);
    return onlyChanged
        && seen != null
        && seen.table.equals(table)
        && holder.threads == threads
        && holder.held.next() == 0
        && holder.held.pidfds().isEmpty() // Else it depends on what those processes do.
        && holder.held.kvm().stream().allMatch(fd -> isStill(pid, fd));
  }

  private boolean isStill(int pid, KvmFd fd) {
    try {
      return proc.fdLink(pid, fd.number()).equals(fd.link());
    } catch (IOException e) {
      return false;
    }
  }

  private boolean isTurnOf(int pid) {
    return Math.floorMod(pid + scans, TURNS) == 0;
  }
}
