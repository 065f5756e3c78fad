package io.kvmstats.core.binaryform;

import java.lang.foreign.MemorySegment;

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
   * Copies to the user.
   *
   * @param address of the user's; unsigned
   * @param from all of which is wanted there
   * @return how many bytes could be copied; these have been written
   */
  long copyTo(long address, MemorySegment from);
}
