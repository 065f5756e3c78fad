package io.kvmstats.collect;

import io.kvmstats.acquire.StatsObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Reads every object once, each into its slot: the hot path.
 *
 * <p>One pread per object, two where the thread of a vCPU is known, and one look at the clock; no
 * allocation, and nothing to parse but that thread's two times. An object whose read fails has that
 * in its slot, and the next is read. One thread sweeps; objects may be added and removed by
 * another, which waits for a sweep under way to end, and after that closes them.
 */
public final class Sweep {
  private final LongSupplier clock;
  private Table table;
  private List<Entry> entries = new ArrayList<>();

  private record Entry(StatsObject object, Slot slot) {}

  /**
   * Makes a sweep over nothing yet.
   *
   * @param table where its slots are
   */
  public Sweep(Table table) {
    this(table, System::nanoTime);
  }

  Sweep(Table table, LongSupplier clock) {
    this.table = table;
    this.clock = clock;
  }

  /**
   * Reads this object too from now on.
   *
   * @param object stays the caller's to close, after {@link #remove}
   * @return where its samples are
   * @throws IOException when the table is full
   */
  public synchronized Slot add(StatsObject object) throws IOException {
    Slot slot = table.add(object.file().schema(), object.held().kind().isPublished());
    entries.add(new Entry(object, slot));
    return slot;
  }

  /**
   * Stops reading an object; whoever still has its slot finds it empty.
   *
   * @param slot of that object
   */
  public synchronized void remove(Slot slot) {
    if (entries.removeIf(entry -> entry.slot == slot)) {
      table.remove(slot);
    }
  }

  /**
   * Has every object's samples land in another table from now on; the slots that they had stay as
   * they are.
   *
   * @param other has no slots yet
   * @return the new slot of each old one
   * @throws IOException when it is too small; nothing has changed then
   */
  synchronized Map<Slot, Slot> moveTo(Table other) throws IOException {
    other.goOnBehind(table);
    List<Entry> moved = new ArrayList<>();
    Map<Slot, Slot> slots = new HashMap<>();
    for (Entry entry : entries) {
      Slot slot = other.move(entry.slot, entry.object.held().kind().isPublished());
      moved.add(new Entry(entry.object, slot));
      slots.put(entry.slot, slot);
    }
    entries = moved;
    table = other;
    return slots;
  }

  /** Reads every object once. */
  public synchronized void run() {
    long now = clock.getAsLong();
    // By index: an iterator would be an allocation.
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      // The time after one read is the time before the next: one look at the clock serves both.
      now = entry.slot.sweep(entry.object.bytes(), entry.object.file().dataOffset(), now, clock);
    }
  }
}
