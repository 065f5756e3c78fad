package io.kvmstats.discover;

import java.io.IOException;
import java.util.List;

/** What every user may see of a process: its name and those of its threads. */
final class Outside {
  /** The kernel cuts a process's name to this length. */
  private static final int COMM_LENGTH = 15;

  private final ProcFs proc;

  Outside(ProcFs proc) {
    this.proc = proc;
  }

  /**
   * {@return the program's name: the process's own, or in full where the kernel cut it and the
   * command line goes on the same way}
   */
  String program(int pid) {
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
  boolean looksLikeVmm(int pid) {
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

  boolean exists(int pid) {
    try {
      proc.comm(pid);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
