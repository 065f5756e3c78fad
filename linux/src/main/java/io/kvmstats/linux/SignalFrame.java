package io.kvmstats.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The frame that the kernel puts on an x86-64 thread's stack before a signal handler, and that
 * rt_sigreturn(2) restores the thread from: struct rt_sigframe and what is behind it ({@code
 * arch/x86/include/asm/sigframe.h}, {@code arch/x86/include/uapi/asm/sigcontext.h}, Linux 6.12).
 *
 * <pre>
 *  0         8         48            240         304      312       440..503
 * +---------+---------+-------------+-----------+--------+---------+----------------+--------+
 * |restorer |ucontext:| registers,  | reserved  | signal | siginfo | XSAVE image,   | magic2 |
 * |         |flags,...| *XSAVE image|           | mask   |         | on 64 bytes    |        |
 * +---------+---------+-------------+-----------+--------+---------+----------------+--------+
 * </pre>
 */
final class SignalFrame {
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;

  private static final long FLAGS = 8;
  private static final long ALTSTACK_FLAGS = 32;
  private static final long REGISTERS = 48;
  private static final long SEGMENTS = 192;
  private static final long STACK_SEGMENT = 198;
  private static final long XSAVE_POINTER = 232;
  private static final long SIGNAL_MASK = 304;
  private static final long XSAVE = 440;

  /** In the order of struct sigcontext_64. */
  private static final Register[] ORDER = {
    Register.R8, Register.R9, Register.R10, Register.R11, Register.R12, Register.R13,
    Register.R14, Register.R15, Register.RDI, Register.RSI, Register.RBP, Register.RBX,
    Register.RDX, Register.RAX, Register.RCX, Register.RSP, Register.RIP, Register.EFLAGS
  };

  static final long UC_FP_XSTATE = 0x1;
  static final long UC_SIGCONTEXT_SS = 0x2;
  static final long UC_STRICT_RESTORE_SS = 0x4;

  /**
   * No flags that sigaltstack(2) knows: it refuses them, and the thread's alternate stack stays as
   * it is ({@code restore_altstack} in {@code kernel/signal.c}).
   */
  private static final int ALTSTACK_AS_IT_IS = 0x7fff;

  static final int FP_XSTATE_MAGIC1 = 0x4650_5853;
  static final int FP_XSTATE_MAGIC2 = 0x4650_5845;
  private static final long MAGIC2_BYTES = 4;

  /** What software may use of the XSAVE image: struct _fpx_sw_bytes. */
  private static final long SOFTWARE = 464;

  private static final long SOFTWARE_EXTENDED_SIZE = SOFTWARE + 4;
  private static final long SOFTWARE_FEATURES = SOFTWARE + 8;
  private static final long SOFTWARE_SIZE = SOFTWARE + 16;

  /** Which of its parts are not as at a thread's start: XSTATE_BV. */
  private static final long XSAVE_IN_USE = 512;

  /** The parts of AMX. */
  private static final long AMX = 0x6_0000;

  /** How long the image is without AMX, on all processors that have it: to the end of PKRU. */
  private static final long BYTES_BEFORE_AMX = 2696;

  private static final long XSAVE_ALIGNMENT = 64;

  /** How much of a frame it takes to recognize it. */
  static final int START_BYTES = (int) REGISTERS;

  private SignalFrame() {}

  /** {@return whether this is the start of a frame that was built here} */
  static boolean isStart(MemorySegment start) {
    return start.get(U64, FLAGS) == (UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS)
        && start.get(U32, ALTSTACK_FLAGS) == ALTSTACK_AS_IT_IS;
  }

  /** {@return how long a frame is, wherever it will be} */
  static long bytes(MemorySegment xsave) {
    return XSAVE + XSAVE_ALIGNMENT + imageBytes(xsave) + MAGIC2_BYTES;
  }

  /**
   * What of an image belongs into the frame: a thread that has not asked for AMX has a shorter one
   * than ptrace(2) shows, and the kernel takes no longer one back.
   */
  private static long imageBytes(MemorySegment xsave) {
    long features = xsave.get(U64, SOFTWARE);
    boolean amx = (features & AMX) != 0 && (xsave.get(U64, XSAVE_IN_USE) & AMX) == 0;
    return amx ? Math.min(BYTES_BEFORE_AMX, xsave.byteSize()) : xsave.byteSize();
  }

  /**
   * Builds a frame.
   *
   * @param frame of zeros, {@link #bytes} long
   * @param address where it will be in the thread's process
   * @param registers that the thread is to have
   * @param signalMask that it is to have
   * @param xsave its other registers, as PTRACE_GETREGSET's NT_X86_XSTATE has them
   * @param restorer {@link Gadgets#restorer}
   */
  static void build(
      MemorySegment frame,
      long address,
      Registers registers,
      long signalMask,
      MemorySegment xsave,
      long restorer) {
    frame.set(U64, 0, restorer);
    frame.set(U64, FLAGS, UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS);
    frame.set(U32, ALTSTACK_FLAGS, ALTSTACK_AS_IT_IS);
    for (int i = 0; i < ORDER.length; i++) {
      frame.set(U64, REGISTERS + i * (long) Long.BYTES, registers.get(ORDER[i]));
    }
    frame.set(U16, SEGMENTS, (short) registers.get(Register.CS));
    frame.set(U16, STACK_SEGMENT, (short) registers.get(Register.SS));
    frame.set(U64, SIGNAL_MASK, signalMask);

    long image = (address + XSAVE + XSAVE_ALIGNMENT - 1) & -XSAVE_ALIGNMENT;
    frame.set(U64, XSAVE_POINTER, image);
    long bytes = imageBytes(xsave);
    MemorySegment into = frame.asSlice(image - address, bytes + MAGIC2_BYTES);
    MemorySegment.copy(xsave, 0, into, 0, bytes);
    // Where the kernel, for a debugger, shows which features there are.
    long features = xsave.get(U64, SOFTWARE);
    into.set(U32, SOFTWARE, FP_XSTATE_MAGIC1);
    into.set(U32, SOFTWARE_EXTENDED_SIZE, (int) (bytes + MAGIC2_BYTES));
    into.set(U64, SOFTWARE_FEATURES, bytes == xsave.byteSize() ? features : features & ~AMX);
    into.set(U32, SOFTWARE_SIZE, (int) bytes);
    into.set(U32, bytes, FP_XSTATE_MAGIC2);
  }
}
