package io.kvmstats.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A seccomp filter (seccomp(2)) that stops some ioctl(2) calls of x86-64 programs for another
 * process to answer (seccomp_unotify(2)), and lets everything else pass: other calls, and those of
 * 32-bit and x32 code.
 */
public final class SeccompFilter {
  static final int SET_MODE_FILTER = 1;
  static final int FILTER_FLAG_NEW_LISTENER = 8;

  /** Once its call has been taken, a thread waits for the answer whatever signal comes (5.19). */
  static final int FILTER_FLAG_WAIT_KILLABLE_RECV = 32;

  static final int RET_USER_NOTIF = 0x7fc0_0000;
  static final int RET_ALLOW = 0x7fff_0000;
  static final int AUDIT_ARCH_X86_64 = 0xc000_003e;
  static final long SYS_SECCOMP = 317;
  static final int SYS_IOCTL = 16;
  static final long SYS_PRCTL = 157;

  /** struct seccomp_data. */
  static final int DATA_NR = 0;

  static final int DATA_ARCH = 4;
  static final int DATA_ARGS = 16;

  /** struct sock_filter, and struct sock_fprog. */
  static final long INSTRUCTION_BYTES = 8;

  static final long PROGRAM_BYTES = 16;

  /** BPF_LD | BPF_W | BPF_ABS, BPF_JMP | BPF_JEQ | BPF_K, BPF_RET | BPF_K. */
  static final int BPF_LOAD = 0x20;

  static final int BPF_JUMP_IF_EQUAL = 0x15;
  static final int BPF_RETURN = 0x06;

  private static final int PR_SET_NO_NEW_PRIVS = 38;

  private final List<int[]> code = new ArrayList<>();

  /**
   * Makes a filter.
   *
   * @param requests the ioctls to stop, whatever their argument
   * @param request one more
   * @param argument its only argument that is of interest
   */
  public SeccompFilter(int[] requests, int request, int argument) {
    // To the end from each: over one load and two jumps, and the instruction that lets pass.
    int tail = 6;
    add(BPF_LOAD, 0, 0, DATA_ARCH);
    int start = requests.length + tail;
    add(BPF_JUMP_IF_EQUAL, 0, start + 2, AUDIT_ARCH_X86_64);
    add(BPF_LOAD, 0, 0, DATA_NR);
    add(BPF_JUMP_IF_EQUAL, 0, start, SYS_IOCTL);
    add(BPF_LOAD, 0, 0, argument(1)); // An int: KVM, too, looks at this half alone.
    for (int i = 0; i < requests.length; i++) {
      add(BPF_JUMP_IF_EQUAL, requests.length - i + tail - 1, 0, requests[i]);
    }
    add(BPF_JUMP_IF_EQUAL, 0, 4, request);
    add(BPF_LOAD, 0, 0, argument(2));
    add(BPF_JUMP_IF_EQUAL, 0, 2, argument);
    add(BPF_LOAD, 0, 0, argument(2) + Integer.BYTES);
    add(BPF_JUMP_IF_EQUAL, 1, 0, 0);
    add(BPF_RETURN, 0, 0, RET_ALLOW);
    add(BPF_RETURN, 0, 0, RET_USER_NOTIF);
  }

  private static int argument(int number) {
    return DATA_ARGS + number * Long.BYTES;
  }

  private void add(int operation, int ifTrue, int ifFalse, int operand) {
    code.add(new int[] {operation, ifTrue, ifFalse, operand});
  }

  /**
   * Filters the calling thread from now on, and all that it starts. It can't be undone.
   *
   * <p>Where the thread lacks CAP_SYS_ADMIN, it loses the right to gain privileges by set-user-ID
   * programs, as the kernel wants it.
   *
   * @return where the calls that are stopped come
   * @throws LinuxException EINVAL before Linux 5.19; EBUSY under another such filter
   */
  public SeccompListener install() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment instructions = arena.allocate(code.size() * INSTRUCTION_BYTES, 8);
      for (int i = 0; i < code.size(); i++) {
        MemorySegment at = instructions.asSlice(i * INSTRUCTION_BYTES, INSTRUCTION_BYTES);
        at.set(ValueLayout.JAVA_SHORT, 0, (short) code.get(i)[0]);
        at.set(ValueLayout.JAVA_BYTE, 2, (byte) code.get(i)[1]);
        at.set(ValueLayout.JAVA_BYTE, 3, (byte) code.get(i)[2]);
        at.set(ValueLayout.JAVA_INT, 4, code.get(i)[3]);
      }
      MemorySegment program = arena.allocate(PROGRAM_BYTES, 8);
      program.set(ValueLayout.JAVA_SHORT, 0, (short) code.size());
      program.set(ValueLayout.JAVA_LONG, Long.BYTES, instructions.address());
      long fd = install(program);
      if (fd == -Errno.EACCES) {
        Libc.syscall(SYS_PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        fd = install(program);
      }
      String subject = "a filter for ioctls";
      return new SeccompListener(new Fd(LinuxException.check(fd, "seccomp", subject), subject));
    }
  }

  private static long install(MemorySegment program) {
    long flags = FILTER_FLAG_NEW_LISTENER | FILTER_FLAG_WAIT_KILLABLE_RECV;
    return Libc.syscall(SYS_SECCOMP, SET_MODE_FILTER, flags, program.address(), 0, 0);
  }
}
