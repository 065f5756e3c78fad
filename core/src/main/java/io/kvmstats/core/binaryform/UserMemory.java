package io.kvmstats.core.binaryform;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The memory of who makes an ioctl, whose copies may fail half-way: copy_from_user and
 * copy_to_user.
 *
 * <p>Two that stand for the same address space are equal: an ioctl from another one's is refused.
 */
public interface UserMemory {

  /**
   * Copies from the user.
   *
   * @param address of the user's; unsigned
   * @param into is filled from its start
   * @return how many bytes could be copied: fewer than asked for where memory is missing or may not
   *     be read
   */
  long copyFrom(long address, MemorySegment into);

  /**
   * Reads the number that a structure of the user's starts with.
   *
   * <p>Where the user's memory is this process's, to read it there spares every ioctl a copy.
   *
   * @param address of the structure; unsigned
   * @param bytes how long it is, at least 4
   * @return the u32 at its start; -1 when not all of the structure may be read
   */
  default long readU32(long address, int bytes) {
    MemorySegment struct = MemorySegment.ofArray(new byte[bytes]);
    return copyFrom(address, struct) == bytes
        ? Integer.toUnsignedLong(struct.get(ValueLayout.JAVA_INT_UNALIGNED, 0))
        : -1;
  }

  /**
   * Copies to the user.
   *
   * @param address of the user's; unsigned
   * @param from all of which is wanted there
   * @return how many bytes could be copied; these have been written
   */
  long copyTo(long address, MemorySegment from);
}
