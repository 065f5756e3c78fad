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
   * {@return when what tryPread copied last was read at the earliest, in ns as {@link
   * System#nanoTime} counts} By the same thread.
   *
   * @param called when it was called: the answer, unless it only copied what was polled before
   */
  default long beforeNanos(long called) {
    return called;
  }

  /**
   * {@return when what tryPread copied last had been read, in ns as {@link System#nanoTime} counts}
   * By the same thread.
   *
   * @param returned when it returned: the answer, unless it only copied what was polled before
   */
  default long afterNanos(long returned) {
    return returned;
  }

  /** Has what is polled polled now; returns at once. */
  default void askAnew() {}

  /**
   * Waits for the poll that was asked for, whatever comes of it; returns at once where there is
   * none.
   *
   * @param untilNanos when to give up, in ns as {@link System#nanoTime} counts
   * @throws InterruptedException when this thread is interrupted
   */
  default void awaitAnew(long untilNanos) throws InterruptedException {}

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
