package io.kvmstats.collect;

import io.kvmstats.core.model.Schema;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Mapping;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The memory that sweeps land in: a slot per object, all in one mapping outside the heap.
 *
 * <p>The mapping never moves or grows; its pages cost nothing until a slot is put there. What
 * processes publish has a room of its own, since anybody may publish, and as much as he likes: the
 * kernel's objects have theirs whatever is in it. Slots are given and taken back by one thread.
 */
public final class Table implements AutoCloseable {
  /** Room for 25,000 vCPUs of x86 with Linux 6.12's 1,104 bytes each. */
  static final long DEFAULT_BYTES = 64 << 20;

  /** What one user publishes has no more than a quarter of the room. */
  private static final int SHARES = 4;

  private final MemorySegment memory;
  private final Runnable unmap;
  private final Room kernels;
  private final Room published;
  private long objects;

  /**
   * A part of the table. Memory that was a slot stays one, where it starts, for readers' sake; a
   * smaller object can have it too, or those who made large ones and left would have used it up.
   */
  private static final class Room {
    final MemorySegment memory;
    final NavigableMap<Long, Deque<MemorySegment>> free = new TreeMap<>();
    long used;

    Room(MemorySegment memory) {
      this.memory = memory;
    }

    MemorySegment take(long bytes) throws IOException {
      boolean isNewThere = bytes <= memory.byteSize() - used;
      Map.Entry<Long, Deque<MemorySegment>> known =
          isNewThere && !free.containsKey(bytes) ? null : free.ceilingEntry(bytes);
      if (known != null) {
        MemorySegment taken = known.getValue().remove();
        if (known.getValue().isEmpty()) {
          free.remove(known.getKey());
        }
        return taken;
      }
      if (!isNewThere) {
        throw new IOException(
            "the table is full: " + used + " of " + memory.byteSize() + " bytes used");
      }
      used += bytes;
      return memory.asSlice(used - bytes, bytes);
    }

    void giveBack(MemorySegment taken) {
      free.computeIfAbsent(taken.byteSize(), bytes -> new ArrayDeque<>()).add(taken);
    }

    boolean has(MemorySegment taken) {
      long offset = taken.address() - memory.address();
      return offset >= 0 && offset < memory.byteSize();
    }
  }

  /**
   * Maps a table.
   *
   * @throws LinuxException ENOMEM
   */
  public Table() throws LinuxException {
    this(DEFAULT_BYTES);
  }

  Table(long bytesPerRoom) throws LinuxException {
    this(Mapping.anonymous(2 * bytesPerRoom));
  }

  private Table(Mapping mapping) {
    this(mapping.segment(), mapping::close);
  }

  private Table(MemorySegment memory, Runnable unmap) {
    this.memory = memory;
    this.unmap = unmap;
    long half = memory.byteSize() / 2;
    this.kernels = new Room(memory.asSlice(0, half));
    this.published = new Room(memory.asSlice(half, half));
  }

  /**
   * Makes a table in memory of the caller's, such as others have mapped too.
   *
   * @param memory zeros, on 64 bytes; there as long as the table is swept
   * @return a table that fills it
   */
  public static Table in(MemorySegment memory) {
    return new Table(memory, () -> {});
  }

  /** {@return how many bytes of slots what one user publishes may have} */
  long share() {
    return published.memory.byteSize() / SHARES;
  }

  /**
   * {@return where a slot starts, in bytes from the table's start}
   *
   * @param slot of this table
   */
  public long offset(Slot slot) {
    return slot.memory().address() - memory.address();
  }

  /**
   * Makes a slot.
   *
   * @param schema of the object
   * @param isPublished whether a process publishes it
   * @return its slot, with no sample yet
   * @throws IOException when there is no room for it
   */
  Slot add(Schema schema, boolean isPublished) throws IOException {
    Room room = isPublished ? published : kernels;
    MemorySegment memory = room.take(SlotLayout.slotBytes(schema.dataBytes()));
    return new Slot(memory, schema, ++objects);
  }

  /** Has no number of an object that another table had. */
  void goOnBehind(Table other) {
    objects = other.objects;
  }

  /** Makes a slot for an object that has one in another table, under the same number. */
  Slot move(Slot other, boolean isPublished) throws IOException {
    Room room = isPublished ? published : kernels;
    MemorySegment memory = room.take(SlotLayout.slotBytes(other.schema().dataBytes()));
    return new Slot(memory, other.schema(), other.object());
  }

  /** Takes a slot back; the next object with as much data gets it. */
  void remove(Slot slot) {
    slot.retire();
    Room room = published.has(slot.memory()) ? published : kernels;
    room.giveBack(slot.memory());
  }

  /** Unmaps the table, if that is not the caller's: its slots can't be read any more. */
  @Override
  public void close() {
    unmap.run();
  }
}
