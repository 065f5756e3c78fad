package io.kvmstats.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** What {@code /proc/PID/status} says of a process or thread. */
public final class ProcStatus {
  /** The kernel writes some sixty. */
  private static final int LINES_MAX = 1000;

  private ProcStatus() {}

  /**
   * {@return the value of a field, if the kernel has one of that name}
   *
   * @param thread a process or thread
   * @param name the field's, such as {@code Tgid}
   * @throws IOException when it has gone
   */
  public static Optional<String> field(int thread, String name) throws IOException {
    Path file = Path.of("/proc", Integer.toString(thread), "status");
    String start = name + ":";
    try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
      return lines
          .limit(LINES_MAX)
          .filter(line -> line.startsWith(start))
          .findFirst()
          .map(line -> line.substring(start.length()).strip());
    } catch (UncheckedIOException e) {
      throw e.getCause(); // It ended between two lines.
    }
  }

  /**
   * {@return the process of a thread}
   *
   * @param thread its number
   * @throws IOException when it has gone
   */
  public static int processOf(int thread) throws IOException {
    return Integer.parseInt(
        field(thread, "Tgid").orElseThrow(() -> new IOException("/proc tells no Tgid")));
  }
}
