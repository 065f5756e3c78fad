package io.kvmstats.linux;

/**
 * KVM's ioctl numbers, structures and constants, from {@code include/uapi/linux/kvm.h} and {@code
 * arch/x86/include/uapi/asm/kvm.h} (Linux 6.12). A C program compares each with the system's header
 * in the build (KvmAbiTest).
 */
public final class KvmAbi {
  static final int API_VERSION = 12;
  static final int CAP_BINARY_STATS_FD = 203;

  /** powerpc's _IOC has a bit for "no direction": arch/powerpc/include/uapi/asm/ioctl.h. */
  private static final int IOC_NONE =
      System.getProperty("os.arch").startsWith("ppc") ? 0x2000_0000 : 0;

  static final int GET_API_VERSION = io(0x00);

  /** KVM_CREATE_VM, on /dev/kvm: its result is the VM's descriptor. */
  public static final int CREATE_VM = io(0x01);

  static final int CHECK_EXTENSION = io(0x03);
  static final int GET_VCPU_MMAP_SIZE = io(0x04);

  /** KVM_CREATE_VCPU, on a VM: its result is the vCPU's descriptor. */
  public static final int CREATE_VCPU = io(0x41);

  static final int CREATE_IRQCHIP = io(0x60);

  /** KVM_RUN, on a vCPU. */
  public static final int RUN = io(0x80);

  /** KVM_GET_STATS_FD, on a VM or vCPU: its result is the stats fd. */
  public static final int GET_STATS_FD = io(0xce);

  /** KVM_GET_TSC_KHZ, on an x86 vCPU. */
  static final int GET_TSC_KHZ = io(0xa3);

  // Those below take structures, and are used on x86 only: its _IOC.
  static final int GET_SUPPORTED_CPUID = 0xc008_ae05;
  static final int SET_USER_MEMORY_REGION = 0x4020_ae46;
  static final int SET_REGS = 0x4090_ae82;
  static final int GET_SREGS = 0x8138_ae83;
  static final int SET_SREGS = 0x4138_ae84;
  static final int SET_CPUID2 = 0x4008_ae90;
  static final int SET_MP_STATE = 0x4004_ae99;

  /** struct kvm_userspace_memory_region. */
  static final long MEMORY_REGION_BYTES = 32;

  static final long MEMORY_REGION_SLOT = 0;
  static final long MEMORY_REGION_GUEST_PHYS_ADDR = 8;
  static final long MEMORY_REGION_MEMORY_SIZE = 16;
  static final long MEMORY_REGION_USERSPACE_ADDR = 24;

  /** struct kvm_cpuid2, with as many struct kvm_cpuid_entry2 as KVM takes at most. */
  static final int CPUID_ENTRIES_MAX = 256;

  static final long CPUID2_NENT = 0;
  static final long CPUID2_ENTRIES = 8;
  static final long CPUID_ENTRY2_BYTES = 40;
  static final long CPUID2_BYTES = CPUID2_ENTRIES + CPUID_ENTRIES_MAX * CPUID_ENTRY2_BYTES;

  /** struct kvm_regs. */
  static final long REGS_BYTES = 144;

  static final long REGS_RSP = 48;
  static final long REGS_RIP = 128;
  static final long REGS_RFLAGS = 136;

  /** Bit 1 of the flags register is always 1 (Intel SDM volume 1, 3.4.3). */
  static final long RFLAGS_ALWAYS_SET = 2;

  /** struct kvm_sregs, and struct kvm_segment in it. */
  static final long SREGS_BYTES = 312;

  static final long SREGS_CS = 0;
  static final long SREGS_DS = 24;
  static final long SREGS_ES = 48;
  static final long SREGS_SS = 120;
  static final long SEGMENT_BASE = 0;
  static final long SEGMENT_SELECTOR = 12;

  /** struct kvm_mp_state. */
  static final long MP_STATE_BYTES = 4;

  /** struct kvm_run, as far as it is read here. */
  static final long RUN_EXIT_REASON = 8;

  static final long RUN_IO_PORT = 34;
  static final long RUN_MMIO_ADDRESS = 32;

  private KvmAbi() {}

  private static int io(int number) {
    return IOC_NONE | 0xae00 | number;
  }
}
