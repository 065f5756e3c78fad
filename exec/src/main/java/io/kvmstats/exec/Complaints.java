package io.kvmstats.exec;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/**
 * Says what went wrong where the program says such things: on its standard error. Each only once: a
 * program may make thousands of calls a second. Thread-safe.
 */
final class Complaints {
  private static final int MOST = 20;

  private final Set<String> said = new HashSet<>();

  /**
   * Says what went wrong, without waiting until it has been read: that is up to the program.
   *
   * @param thread of the program
   * @param what went wrong
   */
  synchronized void say(int thread, Exception what) {
    String line =
        "kvmstats exec: the binary form of statistics is missing here: " + what.getMessage() + "\n";
    if (said.size() < MOST && said.add(line)) {
      Thread.ofPlatform().daemon().start(() -> write(thread, line));
    }
  }

  private static void write(int thread, String line) {
    try {
      Path standardError = Path.of("/proc/" + thread + "/fd/2");
      Files.write(standardError, line.getBytes(StandardCharsets.UTF_8), StandardOpenOption.APPEND);
    } catch (IOException e) {
      // It has none, or has gone: nobody is there to be told.
    }
  }
}
