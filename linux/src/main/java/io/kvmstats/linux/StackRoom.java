package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds memory of a stopped thread's process that nobody uses. */
final class StackRoom {
  /** Below the stack pointer, for the function that runs: System V ABI for x86-64, 3.2.2. */
  private static final long RED_ZONE_BYTES = 128;

  private static final long PAGE_BYTES = 4096;

  /** {@code /proc/PID/pagemap}: in memory, or swapped out. */
  private static final long PAGE_EXISTS = 3L << 62;

  private static final long ALIGNMENT = 16;

  private StackRoom() {}

  /**
   * {@return the address of room for some bytes}
   *
   * <p>It is below the thread's stack pointer where that is surely a stack's: the main thread's, or
   * one that has a guard below it. A thread may have a stack of a few hundred bytes among other
   * data (as Go's have); then it is at the end of the main thread's, in pages that nobody has ever
   * touched.
   *
   * @param thread which is stopped
   * @param stackPointer its own
   * @throws IOException when there is no such room
   */
  static long find(int thread, long stackPointer, long bytes) throws IOException {
    List<MemoryMap> maps = MemoryMap.of(thread);
    MemoryMap below = null;
    MemoryMap main = null;
    for (MemoryMap map : maps) {
      if (map.contains(stackPointer) && (map.name().equals("[stack]") || isGuarded(map, below))) {
        long address = (stackPointer - RED_ZONE_BYTES - bytes) & -ALIGNMENT;
        if (map.contains(address)) {
          return address;
        }
      }
      if (map.name().equals("[stack]")) {
        main = map;
      }
      below = map;
    }
    if (main == null || !isUntouched(thread, main.start(), bytes)) {
      throw new IOException("no room on the stacks of thread " + thread + "'s process");
    }
    return main.start();
  }

  private static boolean isGuarded(MemoryMap map, @Nullable MemoryMap below) {
    return below != null && below.isGuard() && below.end() == map.start();
  }

  private static boolean isUntouched(int thread, long start, long bytes) throws IOException {
    long pages = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    try (Fd pagemap = Fd.open("/proc/" + thread + "/pagemap", Fd.O_RDONLY);
        Arena arena = Arena.ofConfined()) {
      MemorySegment entries = arena.allocate(pages * Long.BYTES, Long.BYTES);
      long n = pagemap.pread(entries, start / PAGE_BYTES * Long.BYTES);
      for (long page = 0; page < pages; page++) {
        if ((page + 1) * Long.BYTES > n
            || (entries.getAtIndex(ValueLayout.JAVA_LONG, page) & PAGE_EXISTS) != 0) {
          return false;
        }
      }
      return true;
    }
  }
}
