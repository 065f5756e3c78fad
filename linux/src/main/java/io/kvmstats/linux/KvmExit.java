package io.kvmstats.linux;

/** Why a vCPU came back from KVM_RUN: KVM_EXIT_* of {@code include/uapi/linux/kvm.h}. */
public enum KvmExit {
  /** The guest read or wrote a port that nothing in the kernel serves. */
  IO(2),
  /** The guest halted, and KVM has no interrupt controller to wake it. */
  HLT(5),
  /** The guest read or wrote an address that has no memory. */
  MMIO(6),
  /** The guest shut itself down: on x86, a triple fault. */
  SHUTDOWN(8),
  /** The processor refused to enter the guest. */
  FAIL_ENTRY(9),
  /** A signal came. */
  INTERRUPTED(10),
  /** KVM met something it can't handle, such as an instruction it can't emulate. */
  INTERNAL_ERROR(17),
  /** Anything else. */
  OTHER(-1);

  private final int reason;

  KvmExit(int reason) {
    this.reason = reason;
  }

  static KvmExit of(int reason) {
    for (KvmExit exit : values()) {
      if (exit.reason == reason) {
        return exit;
      }
    }
    return OTHER;
  }

  /** {@return the number, for a check against the header} */
  int reason() {
    return reason;
  }
}
