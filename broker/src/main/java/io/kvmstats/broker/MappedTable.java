package io.kvmstats.broker;

import static io.kvmstats.broker.TableLayout.*;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Mapping;
import io.kvmstats.linux.Memfd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/** A broker's file, mapped for reading: nothing here makes a system call after that. */
final class MappedTable implements AutoCloseable {
  /** The directory is written in a moment; whoever waits longer waits for one that is no more. */
  private static final long PATIENCE_NANOS = 1_000_000_000L;

  private static final long PAUSE_NANOS = 50_000;

  /** A file that claims more has no broker behind it. */
  private static final long FILE_BYTES_MAX = 1L << 40;

  private final Mapping mapping;
  private final MemorySegment memory;

  /**
   * Maps the file.
   *
   * @param fd from the broker; may be closed afterwards
   * @throws IOException when it is not one, saying what is wrong with it
   */
  MappedTable(Fd fd) throws IOException {
    if ((seals(fd) & Memfd.F_SEAL_SHRINK) == 0) {
      throw new IOException("the broker's table may shrink: it lacks F_SEAL_SHRINK");
    }
    long bytes = Files.size(Path.of("/proc/self/fd", Integer.toString(fd.number())));
    if (bytes < HEADER_BYTES || bytes > FILE_BYTES_MAX) {
      throw new IOException("the broker's table has " + bytes + " bytes");
    }
    mapping = Mapping.readOnly(fd, bytes);
    memory = mapping.segment();
    try {
      check(bytes);
    } catch (IOException e) {
      mapping.close();
      throw e;
    }
  }

  private static int seals(Fd fd) throws IOException {
    try {
      return Memfd.seals(fd);
    } catch (LinuxException e) {
      throw new IOException("the broker's table is no memfd: " + e.getMessage(), e);
    }
  }

  private void check(long bytes) throws IOException {
    byte[] magic = memory.asSlice(MAGIC_AT, MAGIC.length).toArray(ValueLayout.JAVA_BYTE);
    if (!Arrays.equals(magic, MAGIC)) {
      throw new IOException("the broker's table does not start with \"kvmstats\"");
    }
    int version = (int) INT.get(memory, VERSION_AT);
    if (version != VERSION) {
      throw new IOException(
          "the broker's table has version " + version + ", and this is for " + VERSION);
    }
    long start = (long) LONG.get(memory, DIRECTORY_AT);
    long room = (long) LONG.get(memory, DIRECTORY_ROOM_AT);
    if (start < HEADER_BYTES || room < 0 || room > Integer.MAX_VALUE || start > bytes - room) {
      throw new IOException("the broker's directory lies outside of its table");
    }
  }

  /** {@return the whole file} */
  MemorySegment memory() {
    return memory;
  }

  /** {@return which directory there is; odd while it is written} */
  long generation() {
    return (long) LONG.getAcquire(memory, GENERATION_AT);
  }

  /** {@return when the last sweep that is over had begun, in ns; 0 before the first} */
  long sweepBegan() {
    return (long) LONG.getAcquire(memory, SWEEP_BEGAN_AT);
  }

  /** {@return whether the broker has another table now, and does not write to this one any more} */
  boolean isReplaced() {
    return (long) LONG.getAcquire(memory, REPLACED_AT) != 0;
  }

  /** {@return the time from one sweep to the next, in ns} */
  long interval() {
    return (long) LONG.getOpaque(memory, INTERVAL_AT);
  }

  /** {@return the shortest interval that the broker grants, in ns} */
  long intervalLimit() {
    return (long) LONG.get(memory, INTERVAL_LIMIT_AT);
  }

  /**
   * {@return a copy of the directory, as it was at one time}
   *
   * @throws IOException when the broker has stopped in the midst of writing it, or says nonsense
   */
  byte[] directory() throws IOException {
    long start = (long) LONG.get(memory, DIRECTORY_AT);
    long room = (long) LONG.get(memory, DIRECTORY_ROOM_AT);
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    do {
      long generation = generation();
      if (generation % 2 == 0) {
        long bytes = (long) LONG.getOpaque(memory, DIRECTORY_BYTES_AT);
        long bounded = Math.clamp(bytes, 0, room);
        byte[] copy = memory.asSlice(start, bounded).toArray(ValueLayout.JAVA_BYTE);
        VarHandle.loadLoadFence();
        if ((long) LONG.getOpaque(memory, GENERATION_AT) == generation) {
          if (bytes != bounded) {
            throw new IOException("the broker's directory has " + bytes + " bytes");
          }
          return copy;
        }
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    } while (System.nanoTime() - deadline < 0);
    throw new IOException("the broker has stopped while it wrote its directory");
  }

  @Override
  public void close() {
    mapping.close();
  }
}
