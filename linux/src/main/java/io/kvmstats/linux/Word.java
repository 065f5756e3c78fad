package io.kvmstats.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;

/**
 * A u64 in memory that is shared with other processes, for one thread at a time to write.
 *
 * <p>Never torn. Reading and setting are opaque, so that the compiler neither leaves them out nor
 * puts them off; an addition is as plain as a field's. What makes it safe was checked when {@link
 * WordMapping#word} made this, and its memory is there as long as this is: what remains before the
 * access is the look at the address that the JDK insists on, which a loop does once.
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
   * Adds to the value; what another thread writes meanwhile is lost. As with a plain field, a loop
   * that calls nothing may write the sum at its end only.
   *
   * @param amount unsigned
   */
  public void add(long amount) {
    long at = address; // Once, so that what is checked of it is checked once.
    try {
      VALUE.set(MEMORY, at, (long) VALUE.get(MEMORY, at) + amount);
    } finally {
      Reference.reachabilityFence(mapped);
    }
  }
}
