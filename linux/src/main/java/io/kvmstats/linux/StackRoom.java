package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Memory of a stopped thread's process that nobody uses, for a {@link SignalFrame}.
 *
 * <p>It is below the thread's stack pointer where that is surely a stack's: the main thread's, or
 * the one that the C library made, which has its own data on the thread at one end, and a guard at
 * the other. But a thread may also have a stack of a few hundred bytes among other data, as Go's
 * have. Then it is at the far end of the main thread's, where nobody has ever been.
 */
final class StackRoom implements AutoCloseable {
  /** Below the stack pointer, for the function that runs: System V ABI for x86-64, 3.2.2. */
  private static final long RED_ZONE_BYTES = 128;

  private static final long PAGE_BYTES = 4096;

  /** {@code /proc/PID/pagemap}: in memory, or swapped out. */
  private static final long PAGE_EXISTS = 3L << 62;

  private static final long ALIGNMENT = 16;

  /** Whoever is at the end of a main thread's stack: two of one process would meet there. */
  private static final Semaphore AT_THE_END = new Semaphore(1);

  private final long address;
  private final boolean atTheEnd;

  private StackRoom(long address, boolean atTheEnd) {
    this.address = address;
    this.atTheEnd = atTheEnd;
  }

  /**
   * {@return room for some bytes}
   *
   * @param thread which is stopped
   * @param maps what its process had mapped a moment ago, at the earliest: as long as the thread
   *     lives, nothing else comes in the place of a stack that has its own data, or of the main
   *     thread's
   * @param registers its own
   * @throws IOException when there is no such room
   */
  static StackRoom find(int thread, List<MemoryMap> maps, Registers registers, long bytes)
      throws IOException {
    long stackPointer = registers.get(Register.RSP);
    MemoryMap below = null;
    MemoryMap main = null;
    for (MemoryMap map : maps) {
      boolean isMain = map.name().equals("[stack]");
      long room = (stackPointer - RED_ZONE_BYTES - bytes) & -ALIGNMENT;
      boolean isStack =
          isMain || (map.contains(registers.get(Register.FS_BASE)) && isGuarded(map, below));
      if (isStack && map.contains(stackPointer) && map.contains(room)) {
        return new StackRoom(room, false);
      }
      main = isMain ? map : main;
      below = map;
    }
    if (main != null && isAtTheEnd()) {
      boolean free = false;
      try {
        free = isFree(thread, main.start(), bytes);
      } finally {
        if (!free) {
          AT_THE_END.release();
        }
      }
      if (free) {
        return new StackRoom(main.start(), true);
      }
    }
    throw new IOException("no room on the stacks of thread " + thread + "'s process");
  }

  /** Whoever is there is soon done; one that is not must not keep us. */
  private static boolean isAtTheEnd() {
    try {
      return AT_THE_END.tryAcquire(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static boolean isGuarded(MemoryMap map, @Nullable MemoryMap below) {
    return below != null && below.isGuard() && below.end() == map.start();
  }

  /** Nobody has touched these pages, or we have alone: then the next page is nobody's still. */
  private static boolean isFree(int thread, long start, long bytes) throws IOException {
    long end = start + (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    if (!isUntouched(thread, end, end + PAGE_BYTES)) {
      return false;
    }
    if (isUntouched(thread, start, end)) {
      return true;
    }
    MemorySegment first = MemorySegment.ofArray(new byte[SignalFrame.START_BYTES]);
    long n = new ProcessMemory().read(thread, start, first);
    return n == first.byteSize() && SignalFrame.isStart(first);
  }

  private static boolean isUntouched(int thread, long start, long end) throws IOException {
    long pages = (end - start) / PAGE_BYTES;
    try (Fd pagemap = Fd.open("/proc/" + thread + "/pagemap", Fd.O_RDONLY);
        Arena arena = Arena.ofConfined()) {
      MemorySegment entries = arena.allocate(pages * Long.BYTES, Long.BYTES);
      boolean untouched =
          pagemap.pread(entries, start / PAGE_BYTES * Long.BYTES) == entries.byteSize();
      for (long page = 0; page < pages; page++) {
        untouched &= (entries.getAtIndex(ValueLayout.JAVA_LONG, page) & PAGE_EXISTS) == 0;
      }
      return untouched;
    }
  }

  /** {@return where it is} */
  long address() {
    return address;
  }

  /** Nothing of ours is there any more. */
  @Override
  public void close() {
    if (atTheEnd) {
      AT_THE_END.release();
    }
  }
}
