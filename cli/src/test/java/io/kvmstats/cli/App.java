package io.kvmstats.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The application as users start it, and processes beside it. */
final class App {
  static final Path HOME = Path.of(System.getProperty("kvmstats.home"));
  private static final long SECONDS_MAX = 60;

  private App() {}

  /** What a process said and how it ended. */
  record Result(int exit, String out, String err) {}

  static void assumeKvm() {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "skipped: no /dev/kvm that can be opened");
  }

  static void assumeCommand(String command) throws Exception {
    int found =
        new ProcessBuilder("sh", "-c", "command -v " + command + " >/dev/null").start().waitFor();
    assumeTrue(found == 0, "skipped: no " + command + " on this machine");
  }

  /** Runs {@code ./kvmstats ARGS} to its end. */
  static Result run(String... args) throws Exception {
    return run(command(args));
  }

  static Result run(List<String> command) throws Exception {
    Path err = Files.createTempFile("kvmstats-test", ".err");
    try {
      Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
      process.getOutputStream().close();
      // A process that hangs is killed, which ends the reading too.
      Thread watchdog = Thread.ofVirtual().start(() -> killIfLate(process));
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      Result result = new Result(process.waitFor(), out, Files.readString(err));
      watchdog.interrupt();
      return result;
    } finally {
      Files.delete(err);
    }
  }

  private static void killIfLate(Process process) {
    try {
      if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static List<String> command(String... args) {
    List<String> command = new ArrayList<>(List.of(HOME.resolve("kvmstats").toString()));
    command.addAll(List.of(args));
    return command;
  }

  /** The pids of the processes whose command line has a text in it. */
  static List<Long> processes(String text) {
    List<Long> pids = new ArrayList<>();
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      all.filter(process -> commandLine(process.pid()).contains(text))
          .forEach(process -> pids.add(process.pid()));
    }
    return pids;
  }

  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // Gone.
    }
  }

  /** Waits for something to become true. */
  static boolean eventually(Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
    while (!condition.holds()) {
      if (System.nanoTime() > end) {
        return false;
      }
      Thread.sleep(50);
    }
    return true;
  }

  /** Something that may take a while. */
  interface Condition {
    boolean holds() throws Exception;
  }
}
