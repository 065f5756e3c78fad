package io.kvmstats.discover;

import io.kvmstats.linux.KvmAbi;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * A thread of a VMM on x86-64, as /proc told of it at one moment.
 *
 * @param tid the thread
 * @param name its own choice, up to 15 bytes
 * @param state a letter: R, S, D, T, ... (proc_pid_stat(5))
 * @param tracer the thread that traces it, 0 for none
 * @param isFiltered whether it is under seccomp
 * @param call what it does in the kernel
 */
public record VmmThread(
    int tid, String name, char state, int tracer, boolean isFiltered, Call call) {
  private static final int THREADS_MAX = 16_384;
  private static final long SYS_IOCTL = 16;

  /** Of a line of proc_pid_syscall(5): number, six arguments, stack pointer, program counter. */
  private static final int FIELDS = 9;

  private static final int STACK_POINTER = 7;
  private static final int PROGRAM_COUNTER = 8;

  /**
   * What a thread does in the kernel.
   *
   * @param what which kind of thing
   * @param vcpu the descriptor that it runs, where it does
   */
  public record Call(What what, int vcpu) {
    private static final int NO_FD = -1;
  }

  /** What a thread may do. */
  public enum What {
    /** It has or wants a processor, so that the kernel does not tell: it may run a vCPU. */
    BUSY,
    /** It is in KVM_RUN. */
    RUNS_VCPU,
    /** It is one that the kernel started in this process, and never was in user mode. */
    KERNELS_OWN,
    /** Something else. */
    OTHER
  }

  /**
   * {@return the threads of a process, its first one first, up to 16,384}
   *
   * @param pid the process
   * @throws IOException when /proc does not tell; needs PTRACE_MODE_ATTACH_FSCREDS
   */
  public static List<VmmThread> of(int pid) throws IOException {
    ProcFs proc = new ProcFs(Path.of("/proc"));
    List<Integer> tids = new ArrayList<>(proc.tids(pid));
    tids.sort(Comparator.comparing((Integer tid) -> tid != pid).thenComparingInt(tid -> tid));
    List<VmmThread> threads = new ArrayList<>();
    for (int tid : tids.subList(0, Math.min(tids.size(), THREADS_MAX))) {
      try {
        threads.add(of(proc, pid, tid));
      } catch (IOException e) {
        if (proc.tids(pid).contains(tid)) {
          throw e;
        } // Else it has ended since it was listed.
      }
    }
    return threads;
  }

  /**
   * {@return one of them}
   *
   * @param pid the process
   * @param tid the thread
   * @throws IOException when /proc does not tell, or it has ended
   */
  public static VmmThread of(int pid, int tid) throws IOException {
    return of(new ProcFs(Path.of("/proc")), pid, tid);
  }

  private static VmmThread of(ProcFs proc, int pid, int tid) throws IOException {
    String status = proc.status(pid, tid);
    return new VmmThread(
        tid,
        ProcFs.field(status, "Name"),
        ProcFs.field(status, "State").charAt(0),
        Integer.parseInt(ProcFs.field(status, "TracerPid")),
        !ProcFs.field(status, "Seccomp").equals("0"),
        call(proc.systemCall(pid, tid)));
  }

  /** {@code 16 0xd 0xae80 0x0 0x0 0x0 0x0 0x7f.. 0x7f..} is KVM_RUN on descriptor 13. */
  static Call call(String line) throws IOException {
    if (line.equals("running")) {
      return new Call(What.BUSY, Call.NO_FD);
    }
    String[] fields = line.split(" ", -1);
    if (fields.length != FIELDS) {
      return new Call(What.OTHER, Call.NO_FD); // In no system call.
    }
    long[] values;
    try {
      values =
          LongStream.range(0, FIELDS)
              .map(i -> Long.parseUnsignedLong(hex(fields, i), 16))
              .toArray();
    } catch (NumberFormatException e) {
      throw new IOException("/proc/PID/task/TID/syscall: no number in '" + line + "'", e);
    }
    if (values[STACK_POINTER] == 0 && values[PROGRAM_COUNTER] == 0) {
      return new Call(What.KERNELS_OWN, Call.NO_FD);
    }
    boolean runs = fields[0].equals(Long.toString(SYS_IOCTL)) && (int) values[2] == KvmAbi.RUN;
    return runs ? new Call(What.RUNS_VCPU, (int) values[1]) : new Call(What.OTHER, Call.NO_FD);
  }

  private static String hex(String[] fields, long index) {
    return index == 0 ? "0" : fields[(int) index].replaceFirst("^0x", "");
  }

  /** {@return why it must not or can't be stopped, and what would help; empty when it may be} */
  public Optional<String> trouble() {
    if (call.what == What.KERNELS_OWN) {
      return Optional.of(this + " is the kernel's own");
    }
    if (tracer != 0) {
      return Optional.of(
          this + " is traced already, by thread " + tracer + ": end that one, or wait for it");
    }
    return switch (state) {
      case 'R', 'S' -> Optional.empty();
      case 'T' -> Optional.of(this + " is stopped by a signal: let it go on ('kill -CONT')");
      case 'D' -> Optional.of(this + " waits for what can't be interrupted: try again later");
      default -> Optional.of(this + " ends (state " + state + ")");
    };
  }

  @Override
  public String toString() {
    return "thread " + tid;
  }
}
