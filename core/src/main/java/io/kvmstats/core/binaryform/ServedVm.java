package io.kvmstats.core.binaryform;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A VM that answers the binary form's ioctls as the RFC's kernel does (patch 3/4, {@code
 * virt/kvm/kvm_main.c}).
 *
 * <p>Any thread; the values are read without a lock while others write them.
 */
public final class ServedVm {
  private final Abi abi;
  private final UserMemory owner;
  private final byte[] names;
  private final MemorySegment values;
  private final byte[] vcpuNames;
  private final List<ServedVcpu> vcpus = new CopyOnWriteArrayList<>();

  /**
   * Makes a VM without vCPUs.
   *
   * @param abi of who makes the ioctls
   * @param owner the address space that made the VM: no other's ioctls are answered
   * @param names of the VM's own statistics
   * @param values theirs, in the same order: u64s of this machine's byte order, on 8 bytes
   * @param vcpuNames of each vCPU's statistics
   * @throws IllegalArgumentException when there are not as many values as names
   */
  public ServedVm(
      Abi abi, UserMemory owner, StatNames names, MemorySegment values, StatNames vcpuNames) {
    this.abi = abi;
    this.owner = owner;
    this.names = names.encode();
    this.values = checked(values, names.names().size());
    this.vcpuNames = vcpuNames.encode();
  }

  /**
   * Adds a vCPU, which stays as long as the VM.
   *
   * @param vcpuValues in the order of its names, as the VM's
   * @return the vCPU
   * @throws IllegalArgumentException when there are not as many values as names
   */
  public ServedVcpu addVcpu(MemorySegment vcpuValues) {
    ServedVcpu vcpu = new ServedVcpu(this, checked(vcpuValues, vcpuCount()));
    vcpus.add(vcpu);
    return vcpu;
  }

  private static MemorySegment checked(MemorySegment values, int count) {
    if (values.byteSize() != (long) count * Long.BYTES) {
      throw new IllegalArgumentException(values.byteSize() + " bytes of values for " + count);
    }
    return values.asReadOnly();
  }

  /**
   * Answers an ioctl.
   *
   * @param request its number
   * @param argument its argument: an address, or the number of a capability
   * @param memory of who makes it
   * @return 0; what KVM_CHECK_EXTENSION says; -EIO from another address space; -EFAULT when a copy
   *     failed, the part before it done; -EINVAL when {@code size} is too small; -ENOTTY for
   *     another request
   */
  public int ioctl(int request, long argument, UserMemory memory) {
    if (!isOwner(memory)) {
      return -BinaryForm.EIO;
    }
    if (request == abi.getInfo()) {
      return Handler.info(ownCount() + vcpuCount(), argument, memory);
    }
    if (request == abi.getNames()) {
      return names(argument, memory);
    }
    if (request == abi.getData()) {
      return data(argument, memory);
    }
    return request == abi.checkExtension() ? checkExtension(argument) : -BinaryForm.ENOTTY;
  }

  /**
   * {@return KVM_CHECK_EXTENSION's answer, on /dev/kvm as on a VM: 1 to the binary form, else 0}
   *
   * @param capability its number
   */
  public static int checkExtension(long capability) {
    return capability == BinaryForm.CAPABILITY ? 1 : 0;
  }

  /** Two copies, as in the RFC: when the second one fails, the first one is done. */
  private int names(long argument, UserMemory memory) {
    int start = BinaryForm.NAMES_OFFSET;
    int result = Handler.checkSize(start, names.length + vcpuNames.length, argument, memory);
    if (result == 0) {
      result = Handler.copyTo(memory, argument + start, MemorySegment.ofArray(names));
    }
    if (result == 0) {
      long behind = argument + start + names.length;
      result = Handler.copyTo(memory, behind, MemorySegment.ofArray(vcpuNames));
    }
    return result;
  }

  private int data(long argument, UserMemory memory) {
    int own = ownCount();
    long[] data = new long[own + vcpuCount()];
    int start = abi.dataOffset();
    int result = Handler.checkSize(start, (long) data.length * Long.BYTES, argument, memory);
    if (result != 0) {
      return result;
    }
    MemorySegment.copy(values, ValueLayout.JAVA_LONG, 0, data, 0, own);
    for (ServedVcpu vcpu : vcpus) {
      MemorySegment theirs = vcpu.values();
      for (int i = own; i < data.length; i++) {
        data[i] += theirs.getAtIndex(ValueLayout.JAVA_LONG, i - own);
      }
    }
    return Handler.copyTo(memory, argument + start, MemorySegment.ofArray(data));
  }

  private int ownCount() {
    return names.length / BinaryForm.NAME_BYTES;
  }

  private int vcpuCount() {
    return vcpuNames.length / BinaryForm.NAME_BYTES;
  }

  Abi abi() {
    return abi;
  }

  byte[] vcpuNames() {
    return vcpuNames;
  }

  boolean isOwner(UserMemory memory) {
    return owner.equals(memory);
  }
}
