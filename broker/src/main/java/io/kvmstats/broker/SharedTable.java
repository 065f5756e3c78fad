package io.kvmstats.broker;

import static io.kvmstats.broker.TableLayout.*;

import io.kvmstats.collect.Table;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Mapping;
import io.kvmstats.linux.Memfd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.time.Duration;

/**
 * The file that readers map: a header, the directory of VMs, and the slots.
 *
 * <p>A memfd that nobody but this mapping can write to, shorten or lengthen: readers need trust
 * nothing else. One thread writes the directory, and one what tells of sweeps.
 */
final class SharedTable implements AutoCloseable {
  private final Fd fd;
  private final Mapping mapping;
  private final MemorySegment memory;
  private final Table slots;

  /**
   * Makes a table.
   *
   * @param generation of the directory before the first; even
   */
  SharedTable(Duration intervalLimit, long generation) throws LinuxException {
    fd = Memfd.create("kvmstats-table", FILE_BYTES);
    try {
      mapping = Mapping.shared(fd, FILE_BYTES);
    } catch (LinuxException e) {
      fd.close();
      throw e;
    }
    memory = mapping.segment();
    try {
      Memfd.addSeals(
          fd,
          Memfd.F_SEAL_SHRINK | Memfd.F_SEAL_GROW | Memfd.F_SEAL_FUTURE_WRITE | Memfd.F_SEAL_SEAL);
    } catch (LinuxException e) {
      close();
      throw e;
    }
    MemorySegment.copy(MAGIC, 0, memory, ValueLayout.JAVA_BYTE, MAGIC_AT, MAGIC.length);
    INT.set(memory, VERSION_AT, VERSION);
    INT.set(memory, HEADER_BYTES_AT, (int) HEADER_BYTES);
    LONG.set(memory, FILE_BYTES_AT, FILE_BYTES);
    LONG.set(memory, DIRECTORY_AT, HEADER_BYTES);
    LONG.set(memory, DIRECTORY_ROOM_AT, DIRECTORY_ROOM);
    LONG.set(memory, SLOTS_AT, HEADER_BYTES + DIRECTORY_ROOM);
    LONG.set(memory, INTERVAL_LIMIT_AT, intervalLimit.toNanos());
    LONG.set(memory, GENERATION_AT, generation);
    slots = Table.in(memory.asSlice(HEADER_BYTES + DIRECTORY_ROOM, SLOTS_BYTES));
  }

  /** {@return the file, for readers} */
  Fd fd() {
    return fd;
  }

  /** {@return of the directory} */
  long generation() {
    return (long) LONG.get(memory, GENERATION_AT);
  }

  /** {@return where sweeps land} */
  Table slots() {
    return slots;
  }

  /**
   * Writes the directory anew.
   *
   * @param directory no longer than {@link TableLayout#DIRECTORY_ROOM}
   * @return its generation
   */
  long write(byte[] directory) {
    long generation = (long) LONG.get(memory, GENERATION_AT);
    LONG.setOpaque(memory, GENERATION_AT, generation + 1);
    VarHandle.storeStoreFence();
    MemorySegment.copy(directory, 0, memory, ValueLayout.JAVA_BYTE, HEADER_BYTES, directory.length);
    LONG.setOpaque(memory, DIRECTORY_BYTES_AT, (long) directory.length);
    LONG.setRelease(memory, GENERATION_AT, generation + 2);
    return generation + 2;
  }

  /**
   * Tells readers that a sweep is over.
   *
   * @param began when it began, in ns
   * @param interval to the next, in ns
   */
  void swept(long began, long interval) {
    LONG.setOpaque(memory, INTERVAL_AT, interval);
    LONG.setRelease(memory, SWEEP_BEGAN_AT, began);
  }

  /** Tells readers that another table has taken this one's place: to who may, it is given. */
  void replaced() {
    LONG.setRelease(memory, REPLACED_AT, 1L);
  }

  @Override
  public void close() {
    mapping.close();
    fd.close();
  }
}
