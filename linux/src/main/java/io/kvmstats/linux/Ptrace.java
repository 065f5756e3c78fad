package io.kvmstats.linux;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/** ptrace(2) and waitpid(2), as {@link Tracee} uses them: always on one and the same thread. */
final class Ptrace {
  static final int POKETEXT = 4;
  static final int SYSCALL = 24;
  static final int GETREGS = 12;
  static final int SETREGS = 13;
  static final int DETACH = 17;
  static final int SETOPTIONS = 0x4200;
  static final int GETREGSET = 0x4204;
  static final int SEIZE = 0x4206;
  static final int INTERRUPT = 0x4207;
  static final int GETSIGMASK = 0x420a;
  static final int SETSIGMASK = 0x420b;

  /** Stops at system calls have bit 7 set in their signal. */
  static final int O_TRACESYSGOOD = 0x1;

  /** No filter of the thread's counts while it is traced (Linux 4.3). */
  static final int O_SUSPEND_SECCOMP = 0x20_0000;

  /** In the wait status of one that stopped for {@link #INTERRUPT}, or with its whole process. */
  static final int EVENT_STOP = 128;

  /** GETREGSET: what XSAVE saves ({@code include/uapi/linux/elf.h}). */
  static final int NT_X86_XSTATE = 0x202;

  static final int WNOHANG = 1;

  /** waitpid(2): threads too. */
  static final int WALL = 0x4000_0000;

  static final int SIGTRAP = 5;

  private static final MethodHandle PTRACE = Libc.bind("ptrace");
  private static final MethodHandle WAITPID = Libc.bind("waitpid");

  private Ptrace() {}

  /** {@return the result, or {@code -errno}} */
  static long call(int request, int tid, long address, MemorySegment data) {
    try {
      return call(request, tid, address, data.address());
    } finally {
      Reference.reachabilityFence(data);
    }
  }

  /** {@return the result, or {@code -errno}} */
  static long call(int request, int tid, long address, long data) {
    return Libc.call(PTRACE, request, tid, address, data, 0, 0);
  }

  /** {@return the pid, 0 when {@link #WNOHANG} finds none, or {@code -errno}} */
  static long wait(int pid, MemorySegment status, int options) {
    try {
      return Libc.integer(WAITPID, pid, status.address(), options, 0);
    } finally {
      Reference.reachabilityFence(status);
    }
  }
}
