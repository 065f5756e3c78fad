package io.kvmstats.core.binaryform;

import java.lang.foreign.MemorySegment;

/** What the handlers of VMs and vCPUs share: the RFC's order of checks and copies. */
final class Handler {
  private Handler() {}

  /** KVM_STATS_GET_INFO. */
  static int info(int count, long argument, UserMemory memory) {
    return copyTo(memory, argument, MemorySegment.ofArray(new int[] {count}));
  }

  /**
   * The start of KVM_STATS_GET_NAMES and KVM_STATS_GET_DATA: reads all of the structure, padding
   * included, and compares {@code size}.
   *
   * @return 0, or {@code -errno}
   */
  static int checkSize(int structBytes, long needed, long argument, UserMemory memory) {
    long size = memory.readU32(argument, structBytes);
    if (size < 0) {
      return -BinaryForm.EFAULT;
    }
    return size < needed ? -BinaryForm.EINVAL : 0;
  }

  static int copyTo(UserMemory memory, long address, MemorySegment from) {
    return memory.copyTo(address, from) == from.byteSize() ? 0 : -BinaryForm.EFAULT;
  }
}
