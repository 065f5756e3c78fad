package io.kvmstats.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A line of {@code /proc/PID/maps}.
 *
 * @param start its first address
 * @param end the first behind it
 * @param permissions such as {@code r-xp}
 * @param name the file's, or such as {@code [stack]}; may be empty
 */
record MemoryMap(long start, long end, String permissions, String name) {
  /** vm.max_map_count's default, and some. */
  private static final int LINES_MAX = 100_000;

  private static final int HEX = 16;

  /** Permissions, offset, device and inode stand between the addresses and the name. */
  private static final int COLUMNS_BEFORE_NAME = 5;

  private static final int PERMISSIONS_LENGTH = 4;

  /**
   * {@return what a process has mapped, by address}
   *
   * @param thread any of its threads
   * @throws IOException when it may not be read, or has gone
   */
  static List<MemoryMap> of(int thread) throws IOException {
    Path file = Path.of("/proc", Integer.toString(thread), "maps");
    try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
      return lines.limit(LINES_MAX).map(MemoryMap::parse).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause(); // It ended between two lines.
    }
  }

  /** Without a pattern: the thread may be stopped, and a process have thousands of these. */
  private static MemoryMap parse(String line) {
    int dash = line.indexOf('-');
    int space = line.indexOf(' ');
    int at = space;
    for (int i = 1; i < COLUMNS_BEFORE_NAME && at >= 0; i++) {
      at = line.indexOf(' ', at + 1);
    }
    return new MemoryMap(
        Long.parseUnsignedLong(line, 0, dash, HEX),
        Long.parseUnsignedLong(line, dash + 1, space, HEX),
        line.substring(space + 1, space + 1 + PERMISSIONS_LENGTH),
        at < 0 ? "" : line.substring(at).stripLeading());
  }

  boolean contains(long address) {
    return Long.compareUnsigned(address, start) >= 0 && Long.compareUnsigned(address, end) < 0;
  }

  boolean isCode() {
    return permissions.startsWith("r-x");
  }

  /** {@return whether nobody can touch it, as the guard below a stack} */
  boolean isGuard() {
    return permissions.startsWith("---");
  }
}
