package io.kvmstats.core.binaryform;

import java.lang.foreign.MemorySegment;

/**
 * A vCPU that answers the binary form's ioctls as the RFC's kernel does (patch 3/4, {@code
 * virt/kvm/kvm_main.c}), except that they don't wait until it is not running.
 *
 * <p>Any thread; the values are read without a lock while others write them.
 */
public final class ServedVcpu {
  private final ServedVm vm;
  private final MemorySegment values;

  ServedVcpu(ServedVm vm, MemorySegment values) {
    this.vm = vm;
    this.values = values;
  }

  /**
   * Answers an ioctl.
   *
   * @param request its number
   * @param argument its argument, an address
   * @param memory of who makes it
   * @return 0; -EIO from another address space; -EFAULT when a copy failed, the part before it
   *     done; -EINVAL when {@code size} is too small, or for another request
   */
  public int ioctl(int request, long argument, UserMemory memory) {
    Abi abi = vm.abi();
    byte[] names = vm.vcpuNames();
    if (!vm.isOwner(memory)) {
      return -BinaryForm.EIO;
    }
    if (request == abi.getInfo()) {
      return Handler.info(names.length / BinaryForm.NAME_BYTES, argument, memory);
    }
    if (request == abi.getNames()) {
      int start = BinaryForm.NAMES_OFFSET;
      int result = Handler.checkSize(start, names.length, argument, memory);
      return result != 0
          ? result
          : Handler.copyTo(memory, argument + start, MemorySegment.ofArray(names));
    }
    if (request == abi.getData()) {
      int start = abi.dataOffset();
      int result = Handler.checkSize(start, values.byteSize(), argument, memory);
      return result != 0 ? result : Handler.copyTo(memory, argument + start, values);
    }
    return -BinaryForm.EINVAL;
  }

  MemorySegment values() {
    return values;
  }
}
