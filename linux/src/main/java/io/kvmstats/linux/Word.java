package io.kvmstats.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;

/**
 * A u64 in memory that is shared with other processes, for one thread at a time to write.
 *
 * <p>Access is opaque, the cheapest that is right: never torn, and neither left out nor put off by
 * the compiler. What makes it safe was checked when {@link WordMapping#word} made this, and its
 * memory is there as long as this is: an addition is a load, an add and a store, and before them
 * the look at the address that the JDK insists on.
 */
public final class Word {
  /** All of memory: the compiler knows that nothing is left to check in it. */
  @SuppressWarnings("restricted") // What this class is for.
  private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final VarHandle VALUE = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment mapped;
  private final long address;

  Word(MemorySegment mapped, long offset) {
    this.mapped = mapped;
    this.address = mapped.address() + offset;
  }

  /** {@return the value, unsigned} */
  public long get() {
    try {
      return (long) VALUE.getOpaque(MEMORY, address);
    } finally {
      Reference.reachabilityFence(mapped);
    }
  }

  /**
   * Sets the value.
   *
   * @param value unsigned
   */
  public void set(long value) {
    try {
      VALUE.setOpaque(MEMORY, address, value);
    } finally {
      Reference.reachabilityFence(mapped);
    }
  }

  /**
   * Adds to the value; what another thread writes meanwhile is lost.
   *
   * @param amount unsigned
   */
  public void add(long amount) {
    long at = address; // Once, so that what is checked of it is checked once.
    try {
      VALUE.setOpaque(MEMORY, at, (long) VALUE.getOpaque(MEMORY, at) + amount);
    } finally {
      Reference.reachabilityFence(mapped);
    }
  }
}
