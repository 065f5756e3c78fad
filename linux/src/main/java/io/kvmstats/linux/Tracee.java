package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A thread of another process, traced by ptrace(2), to have it make system calls for us: x86-64.
 *
 * <p>One thread of ours makes all calls; when it ends, the kernel lets the other thread go,
 * whatever state it is in, and {@link Injection} sees to it that it then goes on as if nothing had
 * been. So the way out of everything that goes wrong is to end the thread that traces.
 */
public final class Tracee implements AutoCloseable {
  /** From the kernel: make the system call again, whatever signal came ({@code linux/errno.h}). */
  public static final int ERESTARTNOINTR = 513;

  private static final int ERESTARTSYS = 512;

  /** At a system call's start and end. */
  private static final int SYSCALL_STOP = Ptrace.SIGTRAP | 0x80;

  /**
   * How long a stop is waited for without giving up the processor, which is long enough for most.
   */
  private static final long EAGER_NANOS = 200_000;

  private static final long NAP_NANOS = 100_000;
  private static final long XSAVE_BYTES_MAX = 64 << 10;
  private static final long XSAVE_ALIGNMENT = 64;
  private static final int EXITED_MASK = 0x7f;
  private static final int STOPPED = 0x7f;
  private static final int BYTE = 8;
  private static final int EVENT = 16;

  /** Why a thread stopped. */
  public enum Stop {
    /** It starts or ends a system call. */
    SYSCALL,
    /** It was interrupted by us, or is stopped together with its process. */
    EVENT,
    /** A signal is about to be delivered. */
    SIGNAL
  }

  private final int tid;
  private final Duration patience;
  private final Runnable step;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment status = arena.allocate(Integer.BYTES, Integer.BYTES);
  private final MemorySegment struct = arena.allocate(Register.BYTES, Long.BYTES);

  /** Larger than what any processor of today has. */
  private final MemorySegment xsave = arena.allocate(XSAVE_BYTES_MAX, XSAVE_ALIGNMENT);

  private final ProcessMemory memory = new ProcessMemory();
  private int signal;

  /** A signal that the thread stopped for, and has not got yet; 0 for none. */
  private int held;

  private boolean stopped;
  private @Nullable List<MemoryMap> maps;

  private Tracee(int tid, Duration patience, Runnable step) {
    this.tid = tid;
    this.patience = patience;
    this.step = step;
  }

  /**
   * Starts to trace a thread, which goes on.
   *
   * @param tid the thread, as our pid namespace has it
   * @param patience how long each stop is waited for
   * @param step is called after each thing that is done to the thread, for tests of our own death
   * @return the thread
   * @throws LinuxException EPERM when it is traced already, or not ours to trace; ESRCH
   */
  public static Tracee seize(int tid, Duration patience, Runnable step) throws LinuxException {
    Tracee tracee = new Tracee(tid, patience, step);
    try {
      tracee.call("PTRACE_SEIZE", Ptrace.SEIZE, 0, Ptrace.O_TRACESYSGOOD);
      return tracee;
    } catch (LinuxException e) {
      tracee.arena.close();
      throw e;
    }
  }

  /** {@return the thread} */
  public int tid() {
    return tid;
  }

  /**
   * Reads what {@link Injection} will have to know of the thread's process and what does not change
   * under it: where its stacks are. It takes longer than all the rest, and the thread runs on.
   *
   * @throws IOException when it may not be read, or has gone
   */
  public void lookAround() throws IOException {
    maps = MemoryMap.of(tid);
  }

  /** {@return what its process had mapped when that was looked at, which is now at the latest} */
  List<MemoryMap> maps() throws IOException {
    if (maps == null) {
      lookAround();
    }
    return Objects.requireNonNull(maps);
  }

  /**
   * Has the thread stop as soon as it is between two instructions.
   *
   * @throws LinuxException ESRCH when it has gone
   */
  public void interrupt() throws LinuxException {
    call("PTRACE_INTERRUPT", Ptrace.INTERRUPT, 0, 0);
  }

  /**
   * Waits until the thread stops.
   *
   * @return why it did
   * @throws IOException when it does not in time, or has gone
   */
  public Stop await() throws IOException {
    long start = System.nanoTime();
    while (true) {
      long pid = Ptrace.wait(tid, status, Ptrace.WALL | Ptrace.WNOHANG);
      if (pid == tid) {
        return stop(status.get(ValueLayout.JAVA_INT, 0));
      }
      if (pid != -Errno.EINTR) {
        LinuxException.check(pid, "waitpid", toString());
      }
      long waited = System.nanoTime() - start;
      if (waited > patience.toNanos()) {
        throw new IOException(this + " did not stop for " + patience.toMillis() + " ms");
      }
      if (waited < EAGER_NANOS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(NAP_NANOS);
      }
    }
  }

  private Stop stop(int state) throws LinuxException {
    if ((state & EXITED_MASK) != STOPPED) {
      throw new LinuxException("ptrace", toString(), Errno.ESRCH);
    }
    stopped = true;
    signal = state >> BYTE & 0xff;
    if (state >> EVENT == Ptrace.EVENT_STOP) {
      return Stop.EVENT;
    }
    if (signal == SYSCALL_STOP) {
      return Stop.SYSCALL;
    }
    held = signal;
    return Stop.SIGNAL;
  }

  /** {@return the signal that the last stop is about} */
  public int signal() {
    return signal;
  }

  /**
   * Lets the thread go on to the next start or end of a system call, and waits until it has. A
   * signal that it stopped for waits, too.
   *
   * @return why it stopped
   * @throws IOException when it does not in time, or has gone
   */
  public Stop resume() throws IOException {
    call("PTRACE_SYSCALL", Ptrace.SYSCALL, 0, 0);
    stopped = false;
    return await();
  }

  /**
   * {@return the number of the system call that the stopped thread is in, -1 for none}
   *
   * @throws LinuxException ESRCH
   */
  public long systemCall() throws LinuxException {
    return registers().get(Register.ORIG_RAX);
  }

  /**
   * {@return what the system call returned that the stopped thread ends: {@code -errno} for a
   * failure}
   *
   * @throws LinuxException ESRCH
   */
  public long result() throws LinuxException {
    return registers().get(Register.RAX);
  }

  /**
   * Sees to it that a system call that was interrupted before it began is made again, whatever the
   * signal's handler wants. A seccomp notification that nobody has taken yet ends so.
   *
   * @throws LinuxException ESRCH
   */
  public void restartIfInterrupted() throws LinuxException {
    Registers registers = registers();
    if (registers.get(Register.RAX) == -ERESTARTSYS) {
      setRegisters(registers.with(Register.RAX, -ERESTARTNOINTR));
    }
  }

  /**
   * Frees the thread of seccomp filters for as long as it is traced.
   *
   * @throws LinuxException EPERM without CAP_SYS_ADMIN, or when we are filtered ourselves; EINVAL
   *     where the kernel can't
   */
  public void suspendSeccomp() throws LinuxException {
    int options = Ptrace.O_TRACESYSGOOD | Ptrace.O_SUSPEND_SECCOMP;
    call("PTRACE_SETOPTIONS", Ptrace.SETOPTIONS, 0, options);
  }

  Registers registers() throws LinuxException {
    read("PTRACE_GETREGS", Ptrace.GETREGS, 0, struct);
    return Registers.of(struct);
  }

  void setRegisters(Registers registers) throws LinuxException {
    registers.copyTo(struct);
    call("PTRACE_SETREGS", Ptrace.SETREGS, 0, struct.address());
  }

  long signalMask() throws LinuxException {
    read("PTRACE_GETSIGMASK", Ptrace.GETSIGMASK, Long.BYTES, struct);
    return struct.get(ValueLayout.JAVA_LONG, 0);
  }

  void setSignalMask(long mask) throws LinuxException {
    struct.set(ValueLayout.JAVA_LONG, 0, mask);
    call("PTRACE_SETSIGMASK", Ptrace.SETSIGMASK, Long.BYTES, struct.address());
  }

  /** {@return its process's memory, for copies; made before it was stopped, which takes a while} */
  ProcessMemory memory() {
    return memory;
  }

  /** {@return the registers that XSAVE saves, until they are read again} */
  MemorySegment xsave() throws LinuxException {
    MemorySegment iovec = arena.allocate(2L * Long.BYTES, Long.BYTES);
    iovec.setAtIndex(ValueLayout.JAVA_LONG, 0, xsave.address());
    iovec.setAtIndex(ValueLayout.JAVA_LONG, 1, xsave.byteSize());
    read("PTRACE_GETREGSET", Ptrace.GETREGSET, Ptrace.NT_X86_XSTATE, iovec);
    return xsave.asSlice(0, iovec.getAtIndex(ValueLayout.JAVA_LONG, 1));
  }

  /** Writes a word of its process's code, for this process alone. */
  void poke(long address, long word) throws LinuxException {
    call("PTRACE_POKETEXT", Ptrace.POKETEXT, address, word);
  }

  void step() {
    step.run();
  }

  private void read(String name, int request, long address, MemorySegment into)
      throws LinuxException {
    LinuxException.check(Ptrace.call(request, tid, address, into), name, toString());
  }

  private void call(String name, int request, long address, long data) throws LinuxException {
    LinuxException.check(Ptrace.call(request, tid, address, data), name, toString());
    step.run();
  }

  /**
   * Lets the thread go if it is stopped, with the signal that it stopped for; else it is free when
   * our thread has ended.
   *
   * @throws LinuxException ESRCH when it has gone
   */
  @Override
  public void close() throws LinuxException {
    try {
      if (stopped) {
        stopped = false;
        call("PTRACE_DETACH", Ptrace.DETACH, 0, held);
      }
    } finally {
      arena.close();
    }
  }

  @Override
  public String toString() {
    return "thread " + tid;
  }
}
