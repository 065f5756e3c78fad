package io.kvmstats.linux;

import static java.util.Objects.requireNonNull;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.Map;

/** What a stopped x86-64 thread's registers hold. Immutable. */
final class Registers {
  /** User mode's code segment in 64-bit mode: {@code arch/x86/include/asm/segment.h}. */
  private static final long USER_CS = 0x33;

  /** Results of interrupted system calls: {@code include/linux/errno.h}. */
  private static final long ERESTARTSYS = 512;

  private static final long ERESTARTNOHAND = 514;
  private static final long ERESTART_RESTARTBLOCK = 516;

  private static final long SYS_RESTART_SYSCALL = 219;

  /** How long the instruction {@code syscall} is. */
  private static final long SYSCALL_BYTES = 2;

  private final Map<Register, Long> values;

  private Registers(Map<Register, Long> values) {
    this.values = values;
  }

  /** {@return those in a struct user_regs_struct} */
  static Registers of(MemorySegment struct) {
    Map<Register, Long> values = new EnumMap<>(Register.class);
    long at = 0;
    for (Register register : Register.values()) {
      values.put(register, struct.get(ValueLayout.JAVA_LONG, at));
      at += Long.BYTES;
    }
    return new Registers(values);
  }

  /** Writes a struct user_regs_struct. */
  void copyTo(MemorySegment struct) {
    long at = 0;
    for (long value : values.values()) { // In the order of Register.
      struct.set(ValueLayout.JAVA_LONG, at, value);
      at += Long.BYTES;
    }
  }

  long get(Register register) {
    return requireNonNull(values.get(register)); // All have one.
  }

  /** {@return the same, but for one} */
  Registers with(Register register, long value) {
    Map<Register, Long> changed = new EnumMap<>(values);
    changed.put(register, value);
    return new Registers(changed);
  }

  /** {@return whether the thread runs 64-bit code} */
  boolean is64Bit() {
    return get(Register.CS) == USER_CS;
  }

  /**
   * {@return these as the thread will have them in user mode, if it is let go and no signal comes}
   *
   * <p>A system call that was interrupted is made again: {@code arch_do_signal_or_restart} in
   * {@code arch/x86/kernel/signal.c}, Linux 6.12.
   */
  Registers resumed() {
    long interrupted = -get(Register.RAX);
    if (get(Register.ORIG_RAX) == -1) {
      return this;
    }
    if (interrupted >= ERESTARTSYS && interrupted <= ERESTARTNOHAND) {
      return again(get(Register.ORIG_RAX));
    }
    return interrupted == ERESTART_RESTARTBLOCK ? again(SYS_RESTART_SYSCALL) : this;
  }

  private Registers again(long number) {
    return with(Register.RAX, number)
        .with(Register.RIP, get(Register.RIP) - SYSCALL_BYTES)
        .with(Register.ORIG_RAX, -1);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Registers that && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Register register : Register.values()) {
      text.append(register).append('=').append(Long.toHexString(get(register))).append(' ');
    }
    return text.toString().stripTrailing();
  }
}
