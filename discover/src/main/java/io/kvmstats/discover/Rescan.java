package io.kvmstats.discover;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What one scan leaves for the next one, so that nothing is looked at in vain.
 *
 * <p>A process in which nothing of KVM's was found is left out while KVM has made no VM ({@link
 * KvmEvents}) and it has as many descriptors as then. What neither tells, such as a VM that is
 * passed to a process which closes another file for it, is found when it is the process's turn: all
 * are looked at within {@link #TURNS} scans. On kernels that do not count descriptors, all are in
 * each.
 */
final class Rescan {
  static final int TURNS = 16;

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
   * @param table its descriptors, before they were looked at
   * @param about who it is, if it holds a VM
   * @param isDull whether nothing of KVM's was found, nor that there may be any
   */
  record Seen(ProcFs.FdTable table, Optional<About> about, boolean isDull) {
    static Seen dull(ProcFs.FdTable table) {
      return new Seen(table, Optional.empty(), true);
    }

    static Seen suspect(ProcFs.FdTable table) {
      return new Seen(table, Optional.empty(), false);
    }
  }

  /**
   * Who holds a VM: what stays the same as long as it does.
   *
   * @param key the process
   * @param program its name
   * @param identity what its VM is called
   */
  record About(Vmm.Key key, String program, VmIdentity identity) {}

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

  void saw(int pid, Seen seen) {
    now.put(pid, seen);
  }

  /**
   * {@return whether a process needs no look, and is remembered as it was}
   *
   * @param pid the process
   * @param table its descriptors now
   */
  boolean isAsBefore(int pid, ProcFs.FdTable table) {
    Seen seen = before.get(pid);
    boolean same =
        onlyChanged && !isTurnOf(pid) && seen != null && seen.isDull && seen.table.equals(table);
    if (same) {
      now.put(pid, seen);
    }
    return same;
  }

  /**
   * {@return who a process is, if the last scan saw it hold a VM and it is not its turn to be asked
   * again}
   *
   * @param pid the process
   * @param table its descriptors now
   */
  Optional<About> about(int pid, ProcFs.FdTable table) {
    Seen seen = before.get(pid);
    return seen == null || isTurnOf(pid) || !seen.table.folder().equals(table.folder())
        ? Optional.empty()
        : seen.about;
  }

  private boolean isTurnOf(int pid) {
    return Math.floorMod(pid + scans, TURNS) == 0;
  }
}
