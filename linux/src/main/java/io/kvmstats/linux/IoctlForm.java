package io.kvmstats.linux;

import io.kvmstats.core.binaryform.Abi;
import io.kvmstats.core.binaryform.BinaryForm;
import io.kvmstats.core.binaryform.StatNames;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The binary form on a kernel that has its ioctls. */
final class IoctlForm extends KvmBinaryForm {
  private static final Abi ABI = Abi.of(System.getProperty("os.arch"));
  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT;

  /** The longest list of any architecture has 104 (s390). */
  private static final int STATS_MAX = 4096;

  private final Ioctls ioctls;

  /** struct kvm_stats_data, with {@code size} set. */
  private final MemorySegment struct;

  private IoctlForm(Ioctls ioctls, Fd object, StatNames names) {
    super(object, names);
    this.ioctls = ioctls;
    this.struct = Arena.ofAuto().allocate(ABI.dataOffset() + bytes(), Long.BYTES);
    struct.set(U32, 0, Math.toIntExact(bytes()));
  }

  /**
   * {@return whether the kernel has the ioctls; false where it surely has not}
   *
   * <p>The capability alone does not tell: mainline gave its number to another one, which is not 0
   * either. Nor does the ioctl alone, whose number may be another's one day. Where the two disagree
   * it is a kernel that we don't know, and an error is better than another's numbers.
   *
   * @param vm the VM's ioctls
   * @param object the VM, for errors
   * @throws LinuxException what GET_INFO failed with, when that does not mean "unknown"
   * @throws IOException when capability and ioctl contradict each other
   */
  static boolean isServed(Ioctls vm, Fd object) throws IOException {
    long capability = vm.call(ABI.checkExtension(), BinaryForm.CAPABILITY);
    LinuxException.check(capability, "ioctl KVM_CHECK_EXTENSION", object.toString());
    // What an unknown ioctl on a VM is depends on the architecture (kvm_arch_vm_ioctl, Linux 6.12:
    // x86 ENOTTY, arm64 EINVAL); GET_INFO itself fails with neither.
    boolean known;
    try {
      askInfo(vm, object);
      known = true;
    } catch (LinuxException e) {
      if (e.errno() != Errno.ENOTTY && e.errno() != Errno.EINVAL) {
        throw e;
      }
      known = false;
    }
    if (known != (capability == 1)) {
      throw new IOException(
          "whether this kernel has the binary form of statistics is uncertain: capability "
              + BinaryForm.CAPABILITY
              + " is 0x"
              + Long.toHexString(capability)
              + ", not 1 for yes, and KVM_STATS_GET_INFO "
              + (known ? "works" : "is unknown"));
    }
    return known;
  }

  /**
   * {@return an object's binary form, its number and names asked for}
   *
   * @param ioctls the object's
   * @param object for errors, and until it is closed
   */
  static IoctlForm ask(Ioctls ioctls, Fd object) throws IOException {
    return new IoctlForm(ioctls, object, askNames(ioctls, object, askInfo(ioctls, object)));
  }

  private static long askInfo(Ioctls ioctls, Fd object) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(BinaryForm.INFO_BYTES, Integer.BYTES);
      long result = ioctls.call(ABI.getInfo(), info.address());
      LinuxException.check(result, "ioctl KVM_STATS_GET_INFO", object.toString());
      return Integer.toUnsignedLong(info.get(U32, 0));
    }
  }

  private static StatNames askNames(Ioctls ioctls, Fd object, long count) throws IOException {
    if (count == 0 || count > STATS_MAX) {
      throw new IOException(object + " claims " + count + " statistics, not 1 to " + STATS_MAX);
    }
    try (Arena arena = Arena.ofConfined()) {
      long bytes = count * BinaryForm.NAME_BYTES;
      MemorySegment names = arena.allocate(BinaryForm.NAMES_OFFSET + bytes, Integer.BYTES);
      names.set(U32, 0, Math.toIntExact(bytes));
      long result = ioctls.call(ABI.getNames(), names.address());
      LinuxException.check(result, "ioctl KVM_STATS_GET_NAMES", object.toString());
      return StatNames.decode(names.asSlice(BinaryForm.NAMES_OFFSET, bytes));
    } catch (IllegalArgumentException e) {
      throw new IOException("a name of " + object + "'s statistics: " + e.getMessage(), e);
    }
  }

  @Override
  synchronized void read(MemorySegment into) throws LinuxException {
    long result = ioctls.call(ABI.getData(), struct.address());
    if (result < 0) {
      LinuxException.check(result, "ioctl KVM_STATS_GET_DATA", object().toString());
    }
    MemorySegment.copy(struct, ABI.dataOffset(), into, 0, bytes());
  }
}
