package io.kvmstats.core.binaryform;

/**
 * How an architecture numbers ioctls, and where it puts the data: what the binary form's constants
 * depend on.
 */
public enum Abi {
  /** 64 bits and the usual numbers: x86-64, arm64, s390x, riscv64, loongarch64. */
  GENERIC(30, 0, 8),
  /**
   * 64 bits, and a size field that is a bit shorter ({@code arch/{mips,powerpc}/include/uapi/asm/
   * ioctl.h}, Linux 6.12).
   */
  MIPS_POWERPC(29, 1, 8),
  /**
   * A 32-bit x86 program: its u64 is aligned on 4 bytes, so that the data starts earlier, and
   * GET_DATA has another number. The RFC's 64-bit kernel does not know it.
   */
  I386(30, 0, 4);

  private static final int KVMIO = 0xAE;
  private static final int IOC_READ = 2;
  private static final int NR_CHECK_EXTENSION = 0x03;
  private static final int NR_INFO = 0xcc;
  private static final int NR_NAMES = 0xcd;
  private static final int NR_DATA = 0xce;

  private final int dataOffset;
  private final int getInfo;
  private final int getNames;
  private final int getData;
  private final int checkExtension;

  Abi(int directionShift, int none, int dataOffset) {
    int read = IOC_READ << directionShift;
    this.dataOffset = dataOffset;
    this.getInfo = read | number(NR_INFO, BinaryForm.INFO_BYTES);
    this.getNames = read | number(NR_NAMES, BinaryForm.NAMES_OFFSET);
    this.getData = read | number(NR_DATA, dataOffset);
    this.checkExtension = none << directionShift | number(NR_CHECK_EXTENSION, 0);
  }

  private static int number(int nr, int bytes) {
    return bytes << 16 | KVMIO << 8 | nr;
  }

  /**
   * {@return an architecture's}
   *
   * @param architecture as the JDK calls it ({@code os.arch}); 64 bits
   */
  public static Abi of(String architecture) {
    return architecture.startsWith("ppc") || architecture.startsWith("mips")
        ? MIPS_POWERPC
        : GENERIC;
  }

  /** {@return where the values start in struct kvm_stats_data, which is as long as that} */
  public int dataOffset() {
    return dataOffset;
  }

  /** {@return KVM_STATS_GET_INFO: _IOR(KVMIO, 0xcc, struct kvm_stats_info)} */
  public int getInfo() {
    return getInfo;
  }

  /** {@return KVM_STATS_GET_NAMES: _IOR(KVMIO, 0xcd, struct kvm_stats_names)} */
  public int getNames() {
    return getNames;
  }

  /** {@return KVM_STATS_GET_DATA: _IOR(KVMIO, 0xce, struct kvm_stats_data)} */
  public int getData() {
    return getData;
  }

  /** {@return KVM_CHECK_EXTENSION: _IO(KVMIO, 0x03)} */
  public int checkExtension() {
    return checkExtension;
  }
}
