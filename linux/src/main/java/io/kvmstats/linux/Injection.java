package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Has a stopped x86-64 thread make system calls for us, and puts it back where it was.
 *
 * <p>The way back is built first, in the thread itself, so that it finds it without us: below its
 * stack lies the frame of a signal that never came, which holds all of its registers and its signal
 * mask. Its stack pointer points there, and its next instructions are {@code syscall; ret}, the
 * return address in the frame being that of rt_sigreturn(2). Whenever we die, the kernel lets the
 * thread go: it finishes the system call, returns into rt_sigreturn, and is where it was. As long
 * as we live, we don't let it get there, and set its registers ourselves.
 *
 * <p>Meanwhile no signal is delivered to it. SIGSTOP and SIGKILL can't be blocked: the first one it
 * gets when it is let go.
 */
public final class Injection implements AutoCloseable {
  private static final long NO_SIGNAL = -1;
  private static final int SIGSTOP = 19;
  private static final long SYS_CLOSE = 3;
  private static final long SYS_IOCTL = 16;

  private final Tracee tracee;
  private final Registers registers;
  private final long signalMask;
  private final Gadgets gadgets;
  private final StackRoom frame;
  private boolean begun;
  private boolean lost;

  private Injection(
      Tracee tracee, Registers registers, long signalMask, Gadgets gadgets, StackRoom frame) {
    this.tracee = tracee;
    this.registers = registers;
    this.signalMask = signalMask;
    this.gadgets = gadgets;
    this.frame = frame;
  }

  /**
   * Prepares the way back; the thread's registers are still its own.
   *
   * @param tracee stopped at the end of a system call, or because it was interrupted
   * @return to make calls with
   * @throws IOException when the thread or its process is not of a kind that this is possible with
   */
  public static Injection into(Tracee tracee) throws IOException {
    return into(tracee, Gadgets.of(tracee.tid()));
  }

  /**
   * Prepares the way back; the thread's registers are still its own.
   *
   * @param tracee stopped at the end of a system call, or because it was interrupted
   * @param known of its process, looked for before it was stopped
   * @return to make calls with
   * @throws IOException when the thread or its process is not of a kind that this is possible with
   */
  public static Injection into(Tracee tracee, Gadgets known) throws IOException {
    Registers registers = tracee.registers();
    if (!registers.is64Bit()) {
      throw new IOException(tracee + " runs 32-bit code");
    }
    Gadgets gadgets = known.in(tracee);
    long signalMask = tracee.signalMask();
    MemorySegment xsave = tracee.xsave();
    long bytes = SignalFrame.bytes(xsave);
    StackRoom room = StackRoom.find(tracee.tid(), tracee.maps(), registers, bytes);
    boolean built = false;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment frame = arena.allocate(bytes);
      long at = room.address();
      SignalFrame.build(frame, at, registers.resumed(), signalMask, xsave, gadgets.restorer());
      if (tracee.memory().write(tracee.tid(), at, frame) != bytes) {
        throw new IOException("the stack of " + tracee + " can't be written");
      }
      tracee.step();
      built = true;
    } finally {
      if (!built) {
        room.close();
      }
    }
    return new Injection(tracee, registers, signalMask, gadgets, room);
  }

  /**
   * Has the thread make an ioctl.
   *
   * @param name what it is called, for errors
   * @param fd a descriptor of its own
   * @param request the ioctl's number
   * @return its result
   * @throws LinuxException what it failed with
   * @throws IOException when the thread does not come back from it in time, or has gone
   */
  public int ioctl(String name, int fd, int request) throws IOException {
    long result = call(SYS_IOCTL, fd, Integer.toUnsignedLong(request), 0);
    return (int) LinuxException.check(result, "ioctl " + name, "fd " + fd + " of " + tracee);
  }

  /**
   * Has the thread close a descriptor.
   *
   * @param fd a descriptor of its own
   * @throws IOException when the thread does not come back from it in time, or has gone
   */
  public void closeFd(int fd) throws IOException {
    call(SYS_CLOSE, fd, 0, 0);
  }

  private long call(long number, long a, long b, long c) throws IOException {
    lost = true; // Until it is where we want it again.
    tracee.setRegisters(
        registers
            .with(Register.RIP, gadgets.systemCall())
            .with(Register.RSP, frame.address())
            .with(Register.RAX, number)
            .with(Register.RDI, a)
            .with(Register.RSI, b)
            .with(Register.RDX, c)
            .with(Register.ORIG_RAX, -1));
    if (!begun) {
      begun = true;
      tracee.setSignalMask(NO_SIGNAL);
    }
    toSystemCall();
    toSystemCall();
    lost = false;
    return tracee.result();
  }

  private void toSystemCall() throws IOException {
    Tracee.Stop stop = tracee.resume();
    while (stop != Tracee.Stop.SYSCALL) {
      if (stop == Tracee.Stop.SIGNAL && tracee.signal() != SIGSTOP) {
        throw new IOException(tracee + " got signal " + tracee.signal() + " on a detour");
      }
      stop = tracee.resume();
    }
  }

  /**
   * Puts the thread back where it was, still stopped. One that did not come back is left to find
   * its own way.
   */
  @Override
  public void close() throws LinuxException {
    try {
      if (begun && !lost) {
        // In this order: until the last step the way back is there, and leads to this mask.
        tracee.setSignalMask(signalMask);
        tracee.setRegisters(registers);
      }
    } finally {
      abandon();
    }
  }

  /** Leaves the thread to itself: what remains to be done when it is traced no more. */
  void abandon() {
    frame.close();
  }
}
