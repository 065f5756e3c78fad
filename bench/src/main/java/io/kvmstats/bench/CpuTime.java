package io.kvmstats.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * How long a process's threads have run, by the scheduler's own count in ns
 * (/proc/PID/task/TID/schedstat): the ticks of /proc/PID/stat are too coarse.
 *
 * @param pid the process
 */
record CpuTime(long pid) {

  /** {@return the time of all threads that it has now, in ns} */
  long nanos() throws IOException {
    List<Path> tasks;
    try (Stream<Path> all = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
      tasks = all.toList();
    }
    long nanos = 0;
    for (Path task : tasks) {
      try {
        nanos += Long.parseLong(Files.readString(task.resolve("schedstat")).split(" ", 2)[0]);
      } catch (NoSuchFileException e) {
        // The thread has ended since they were listed.
      }
    }
    return nanos;
  }
}
