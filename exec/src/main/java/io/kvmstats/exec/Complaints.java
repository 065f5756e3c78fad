package io.kvmstats.exec;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/**
 * Says what went wrong where the program says such things: on its standard error. Each only once: a
 * program may make thousands of calls a second. Thread-safe.
 */
final class Complaints {
  private static final int MOST = 20;

  private static final int STANDARD_ERROR = 2;

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
    if (said.size() >= MOST || !said.add(line)) {
      return;
    }
    // Its own open file: it may be a socket, and a terminal that we opened anew could become ours.
    try (Pidfd process = Pidfd.openThread(thread)) {
      Fd standardError = process.getfd(STANDARD_ERROR);
      Thread.ofPlatform().daemon().start(() -> write(standardError, line));
    } catch (IOException e) {
      // It has none, or has gone: nobody is there to be told.
    }
  }

  private static void write(Fd fd, String line) {
    try (fd) {
      fd.write(line.getBytes(StandardCharsets.UTF_8));
    } catch (LinuxException e) {
      // Nobody reads it any more.
    }
  }
}
