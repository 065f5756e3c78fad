package io.kvmstats.core.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * One object's data block as one read found it.
 *
 * <p>The block was copied some time between the two times; KVM takes no lock, so its values may
 * stem from different instants within them. What the read did not reach is absent: {@link #has}
 * says so, and {@link #value} refuses to make it up. A sample whose data is empty is one where the
 * read failed altogether.
 *
 * <p>Immutable as long as nobody writes to {@code data}.
 *
 * @param schema where each value lies
 * @param beforeNanos monotonic time just before the read, in ns, as {@link System#nanoTime} counts
 * @param afterNanos monotonic time just after the read, in ns
 * @param data what the read returned, from the block's start; may end early
 * @param order the byte order of the values
 */
public record Sample(
    Schema schema, long beforeNanos, long afterNanos, MemorySegment data, ByteOrder order) {

  /** Constants, since a layout's way to its handle is long where no optimizing compiler is. */
  private static final VarHandle NATIVE = handle(ByteOrder.nativeOrder());

  private static final VarHandle SWAPPED =
      handle(
          ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN
              ? ByteOrder.LITTLE_ENDIAN
              : ByteOrder.BIG_ENDIAN);

  private static VarHandle handle(ByteOrder order) {
    return ValueLayout.JAVA_LONG_UNALIGNED.withOrder(order).varHandle();
  }

  /**
   * {@return whether all values of this statistic were read}
   *
   * @param descriptor of this sample's schema
   */
  public boolean has(Descriptor descriptor) {
    return descriptor.end() <= data.byteSize();
  }

  /**
   * {@return a statistic's value, raw and unsigned}
   *
   * @param descriptor of this sample's schema
   * @throws IllegalStateException when it is absent
   */
  public long value(Descriptor descriptor) {
    return value(descriptor, 0);
  }

  /**
   * {@return one of a statistic's values, such as a bucket's count, raw and unsigned}
   *
   * @param descriptor of this sample's schema
   * @param index 0 to {@code descriptor.size() - 1}
   * @throws IllegalStateException when it is absent
   */
  public long value(Descriptor descriptor, int index) {
    if (!has(descriptor)) {
      throw new IllegalStateException(descriptor.name() + " is absent from this sample");
    }
    if (index < 0 || index >= descriptor.size()) {
      throw new IndexOutOfBoundsException(
          descriptor.name() + " has " + descriptor.size() + " values, not an index " + index);
    }
    long offset = descriptor.offset() + (long) index * Long.BYTES;
    return order == ByteOrder.nativeOrder()
        ? (long) NATIVE.get(data, offset)
        : (long) SWAPPED.get(data, offset);
  }

  /** {@return the middle of the read, in ns: the time that rates are taken over} */
  public long midNanos() {
    return beforeNanos + (afterNanos - beforeNanos) / 2;
  }
}
