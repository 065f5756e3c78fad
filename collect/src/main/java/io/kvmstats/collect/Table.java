package io.kvmstats.collect;

import io.kvmstats.core.model.Schema;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Mapping;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * The memory that sweeps land in: a slot per object, all in one mapping outside the heap.
 *
 * <p>The mapping never moves or grows; its pages cost nothing until a slot is put there. Slots are
 * given and taken back by one thread.
 */
public final class Table implements AutoCloseable {
  /** Room for 25,000 vCPUs of x86 with Linux 6.12's 1,104 bytes each. */
  static final long DEFAULT_BYTES = 64 << 20;

  private final Mapping mapping;
  private final Map<Long, Deque<MemorySegment>> free = new HashMap<>();
  private long used;
  private long objects;

  /**
   * Maps a table.
   *
   * @throws LinuxException ENOMEM
   */
  public Table() throws LinuxException {
    this(DEFAULT_BYTES);
  }

  Table(long bytes) throws LinuxException {
    this.mapping = Mapping.anonymous(bytes);
  }

  /**
   * Makes a slot.
   *
   * @param schema of the object
   * @return its slot, with no sample yet
   * @throws IOException when the table is full
   */
  Slot add(Schema schema) throws IOException {
    long bytes = SlotLayout.slotBytes(schema.dataBytes());
    Deque<MemorySegment> sameSize = free.get(bytes);
    MemorySegment memory = sameSize == null ? null : sameSize.poll();
    if (memory == null) {
      if (bytes > mapping.segment().byteSize() - used) {
        throw new IOException(
            "the table is full: " + used + " of " + mapping.segment().byteSize() + " bytes used");
      }
      memory = mapping.segment().asSlice(used, bytes);
      used += bytes;
    }
    return new Slot(memory, schema, ++objects);
  }

  /** Takes a slot back; the next object with as much data gets it. */
  void remove(Slot slot) {
    slot.retire();
    free.computeIfAbsent(slot.memory().byteSize(), bytes -> new ArrayDeque<>()).add(slot.memory());
  }

  /** Unmaps the table: its slots can't be read any more. */
  @Override
  public void close() {
    mapping.close();
  }
}
