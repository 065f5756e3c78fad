package io.kvmstats.linux;

/**
 * The registers of an x86-64 thread, in the order of struct user_regs_struct ({@code
 * arch/x86/include/asm/user_64.h}, Linux 6.12).
 */
enum Register {
  R15,
  R14,
  R13,
  R12,
  RBP,
  RBX,
  R11,
  R10,
  R9,
  R8,
  RAX,
  RCX,
  RDX,
  RSI,
  RDI,
  /** The system call that the thread is in, -1 for none. */
  ORIG_RAX,
  RIP,
  CS,
  EFLAGS,
  RSP,
  SS,
  FS_BASE,
  GS_BASE,
  DS,
  ES,
  FS,
  GS;

  /** How long the structure is. */
  static final long BYTES = values().length * (long) Long.BYTES;
}
