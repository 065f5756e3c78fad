package io.kvmstats.exec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How many seccomp filters threads are under ({@code /proc/PID/status}, Linux 5.9). */
final class Filters {
  private static final String FIELD = "Seccomp_filters:";

  private Filters() {}

  /** {@return how many filters a thread is under, 0 where the kernel does not tell} */
  static int of(int thread) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + thread + "/status"))) {
      if (line.startsWith(FIELD)) {
        return Integer.parseInt(line.substring(FIELD.length()).strip());
      }
    }
    return 0;
  }
}
