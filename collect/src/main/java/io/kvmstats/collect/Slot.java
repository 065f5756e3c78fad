package io.kvmstats.collect;

import static io.kvmstats.collect.SlotLayout.*;

import io.kvmstats.acquire.StatsBytes;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * An object's place in the table: its last two samples, written in turn.
 *
 * <p>One thread writes; any thread reads, and never sees half a sample.
 */
public final class Slot {
  /** A write takes microseconds, and a writer may be preempted in it: then others should run. */
  private static final int SPINS = 1 << 10;

  private static final long PAUSE_NANOS = 50_000;

  /** Whoever waits longer waits for a writer that is no more. */
  private static final long PATIENCE_NANOS = 1_000_000_000L;

  private final MemorySegment memory;
  private final MemorySegment[] samples = new MemorySegment[2];
  private final MemorySegment[] data = new MemorySegment[2];
  private final Schema schema;
  private final long object;

  /**
   * Makes a slot ready for a new object, also where another one had it before.
   *
   * @param memory {@link SlotLayout#slotBytes} long, on 64 bytes
   * @param schema of the object
   * @param object its number
   */
  Slot(MemorySegment memory, Schema schema, long object) {
    this(schema, object, memory);
    give(object);
  }

  private Slot(Schema schema, long object, MemorySegment memory) {
    this.memory = memory;
    this.schema = schema;
    this.object = object;
    for (int i = 0; i < samples.length; i++) {
      samples[i] = SlotLayout.sample(memory, schema.dataBytes(), i);
      data[i] = samples[i].asSlice(SAMPLE_HEADER_BYTES, schema.dataBytes());
    }
  }

  /**
   * Finds a slot that another process writes.
   *
   * @param table that process's, mapped here for reading
   * @param offset of the slot in it
   * @param schema of the object
   * @param object its number
   * @return the slot, for reading
   * @throws IndexOutOfBoundsException when the table has no such place
   */
  public static Slot at(MemorySegment table, long offset, Schema schema, long object) {
    if (offset % LINE_BYTES != 0) {
      throw new IndexOutOfBoundsException("no slot starts at byte " + offset);
    }
    long bytes = SlotLayout.slotBytes(schema.dataBytes());
    return new Slot(schema, object, table.asSlice(offset, bytes));
  }

  /** Ends the object's time here: readers find the slot empty. */
  void retire() {
    give(NOBODY);
  }

  private void give(long owner) {
    long generation = beginWrite();
    for (MemorySegment sample : samples) {
      LONG.setOpaque(sample, VALID_BYTES, NEVER);
    }
    LONG.setOpaque(memory, OBJECT, owner);
    endWrite(generation);
  }

  /**
   * Reads the object's data block into the slot: one system call, nothing allocated.
   *
   * <p>The times are those of what is polled, where that is only copied: a sweep that finds no
   * newer poll has the same sample again, over no time at all.
   *
   * @param bytes the object's
   * @param dataOffset where the block starts in them
   * @param before the time now, in ns
   * @param clock counts it
   * @return the time after the read, in ns
   */
  long sweep(StatsBytes bytes, long dataOffset, long before, LongSupplier clock) {
    int index = 1 - newest();
    MemorySegment sample = samples[index];
    long generation = beginWrite();
    long valid = bytes.tryPread(data[index], dataOffset);
    long after = clock.getAsLong();
    LONG.setOpaque(sample, BEFORE_NANOS, bytes.beforeNanos(before));
    LONG.setOpaque(sample, AFTER_NANOS, bytes.afterNanos(after));
    LONG.setOpaque(sample, VALID_BYTES, valid);
    LONG.setOpaque(memory, NEWEST, (long) index);
    endWrite(generation);
    return after;
  }

  private long beginWrite() {
    long generation = (long) LONG.getOpaque(memory, GENERATION);
    LONG.setOpaque(memory, GENERATION, generation + 1);
    VarHandle.storeStoreFence();
    return generation;
  }

  private void endWrite(long generation) {
    LONG.setRelease(memory, GENERATION, generation + 2);
  }

  private int newest() {
    return (int) (long) LONG.getOpaque(memory, NEWEST) & 1;
  }

  /** {@return the object's number, which no other object of its table ever had} */
  public long object() {
    return object;
  }

  /** {@return the schema of the object's samples} */
  public Schema schema() {
    return schema;
  }

  /**
   * {@return the last two samples, copied; empty when there is none yet, the object is gone, or who
   * writes them has stopped in the midst of it}
   *
   * <p>From any thread.
   */
  public Optional<Reading> read() {
    long start = System.nanoTime();
    for (long tries = 0; System.nanoTime() - start < PATIENCE_NANOS; tries++) {
      long generation = (long) LONG.getAcquire(memory, GENERATION);
      if (generation % 2 == 0) {
        int newest = newest();
        boolean mine = (long) LONG.getOpaque(memory, OBJECT) == object;
        Optional<Sample> latest = copy(newest);
        Optional<Sample> previous = copy(1 - newest);
        VarHandle.loadLoadFence();
        if ((long) LONG.getOpaque(memory, GENERATION) == generation) {
          return mine ? latest.map(sample -> new Reading(sample, previous)) : Optional.empty();
        }
      }
      if (tries < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
    return Optional.empty();
  }

  private Optional<Sample> copy(int index) {
    MemorySegment sample = samples[index];
    long valid = (long) LONG.getOpaque(sample, VALID_BYTES);
    if (valid == NEVER) {
      return Optional.empty();
    }
    // A torn length is bounded here, and thrown away with the copy.
    long bytes = Math.clamp(valid, 0, schema.dataBytes());
    MemorySegment copy =
        MemorySegment.ofArray(data[index].asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE));
    return Optional.of(
        new Sample(
            schema,
            (long) LONG.getOpaque(sample, BEFORE_NANOS),
            (long) LONG.getOpaque(sample, AFTER_NANOS),
            copy.asReadOnly(),
            ByteOrder.nativeOrder()));
  }

  /** {@return the slot's memory, for the table to give to the next object} */
  MemorySegment memory() {
    return memory;
  }
}
