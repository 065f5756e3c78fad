package io.kvmstats.acquire;

import io.kvmstats.core.statsfd.ByteSource;
import java.lang.foreign.MemorySegment;

/**
 * An object's stats file, open: read whole by the decoder, and by the sweep just its data, again
 * and again.
 */
public interface StatsBytes extends ByteSource, AutoCloseable {

  /**
   * Reads as pread(2) does, without allocating, without an exception and without waiting for
   * anything.
   *
   * @param into is filled from its start; native memory
   * @param offset in bytes from the file's start
   * @return how many bytes were read, 0 at or past the end, or {@code -errno}
   */
  long tryPread(MemorySegment into, long offset);

  /**
   * {@return whether a process holds the same open file as this: a number alone may have become
   * another's; false also when that can't be told}
   *
   * @param pid the process
   * @param number a descriptor of it
   */
  boolean isHeldBy(int pid, int number);

  @Override
  void close();
}
