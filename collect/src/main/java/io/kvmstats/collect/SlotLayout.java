package io.kvmstats.collect;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Where things are in a slot, in the host's byte order.
 *
 * <pre>
 *   0               8              16              24                             64
 *  +---------------+---------------+---------------+------------------------------+
 *  | generation    | newest        | object        | (reserved)                   |
 *  +---------------+---------------+---------------+------------------------------+
 *  | sample 0: before_ns | after_ns | valid_bytes | (reserved) | data ...          |
 *  +-----------------------------------------------------------------------------+
 *  | sample 1: the same                                                           |
 *  +-----------------------------------------------------------------------------+
 * </pre>
 *
 * <ul>
 *   <li>generation: odd while the slot is written. A reader takes it before and after it copies,
 *       and has torn nothing if both are the same even number.
 *   <li>newest: which sample was written last, 0 or 1; the other is the one before it.
 *   <li>object: a number that no other object of this table ever had. A slot is given to the next
 *       object when its own is gone; in between it is 0.
 *   <li>valid_bytes: how much of the data block that read returned; what lies behind is absent.
 *       {@code -errno} when it returned nothing, {@link #NEVER} when there was no read yet.
 * </ul>
 *
 * A sample starts on 64 bytes: its times and its first values share a cache line, and none with
 * another object's.
 */
final class SlotLayout {
  static final long GENERATION = 0;
  static final long NEWEST = 8;
  static final long OBJECT = 16;
  static final long HEADER_BYTES = 64;

  static final long BEFORE_NANOS = 0;
  static final long AFTER_NANOS = 8;
  static final long VALID_BYTES = 16;
  static final long SAMPLE_HEADER_BYTES = 32;

  /** Less than any -errno. */
  static final long NEVER = Long.MIN_VALUE;

  /** The object of a slot that has none. */
  static final long NOBODY = 0;

  static final long LINE_BYTES = 64;

  /** A u64 at (segment, offset). */
  static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private SlotLayout() {}

  static long sampleBytes(long dataBytes) {
    return (SAMPLE_HEADER_BYTES + dataBytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
  }

  static long slotBytes(long dataBytes) {
    return HEADER_BYTES + 2 * sampleBytes(dataBytes);
  }

  static MemorySegment sample(MemorySegment slot, long dataBytes, int index) {
    long bytes = sampleBytes(dataBytes);
    return slot.asSlice(HEADER_BYTES + index * bytes, bytes);
  }
}
