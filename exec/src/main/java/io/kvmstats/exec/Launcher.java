package io.kvmstats.exec;

import io.kvmstats.linux.Errno;
import io.kvmstats.linux.Exec;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.JavaProcess;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.SeccompListener;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Replaces this process by a program in which the binary form works. To everybody else it is as if
 * the program had been started in our place: its pid, its parent, its children, its exit status.
 */
public final class Launcher {
  private Launcher() {}

  /**
   * Starts the supervisor, and replaces this process.
   *
   * @param command the program and its arguments, in the bytes that they came in
   * @param ignored the signals that were ignored when this process started: bit 0 is signal 1
   * @param application the folder of this application's own files
   * @return when there is no such program that can be started: why
   * @throws IOException when the binary form can't be served here: why, and what to do
   */
  public static LinuxException exec(List<byte[]> command, long ignored, Path application)
      throws IOException {
    return exec(command, ignored, application, SupervisorMain.class, List.of());
  }

  /** As the other one; {@code supervisor} gets our pid, and {@code arguments} behind it. */
  static LinuxException exec(
      List<byte[]> command,
      long ignored,
      Path application,
      Class<?> supervisor,
      List<String> arguments)
      throws IOException {
    String architecture = System.getProperty("os.arch");
    if (!architecture.equals("amd64")) {
      throw new IOException(
          "exec is for x86-64: the registers of " + architecture + " are not known to it");
    }
    CompletableFuture<SeccompListener> listener = new CompletableFuture<>();
    CompletableFuture<Boolean> go = new CompletableFuture<>();
    CompletableFuture<LinuxException> refused = new CompletableFuture<>();
    // The filter is for good: on a thread that does nothing else than to become the program.
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            listener.complete(installFilter());
            go.join();
            refused.complete(
                Exec.replaceProcess(command, ignored, List.of(javaHome(), application)));
          } catch (IOException | RuntimeException e) {
            listener.completeExceptionally(e);
            refused.completeExceptionally(e);
          }
        });
    try {
      startSupervisor(get(listener), supervisor, arguments);
    } catch (IOException | RuntimeException e) {
      go.cancel(false);
      throw e;
    }
    go.complete(true);
    return get(refused);
  }

  private static SeccompListener installFilter() throws IOException {
    try {
      return Supervisor.FILTER.install();
    } catch (LinuxException e) {
      String why =
          switch (e.errno()) {
            case Errno.EINVAL -> ": exec needs Linux 5.19";
            case Errno.EBUSY -> ": this process is under such a filter already, as in another exec";
            default -> "";
          };
      throw new IOException(e.getMessage() + why, e);
    }
  }

  private static Path javaHome() {
    return Path.of(System.getProperty("java.home"));
  }

  private static void startSupervisor(
      SeccompListener listener, Class<?> main, List<String> arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of(Long.toString(ProcessHandle.current().pid())));
    all.addAll(arguments);
    List<String> command = JavaProcess.command(main, all);
    Exec.Pipe pipe = Exec.pipe();
    try (Fd end = pipe.readEnd()) {
      try (Fd start = pipe.writeEnd()) {
        Exec.startDetached(command, listener, start);
      }
      Path path = Path.of("/proc/self/fd/" + end.number());
      try (BufferedReader output = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
        String line = output.readLine();
        if (!SupervisorMain.READY.equals(line)) {
          throw new IOException(line == null ? "the supervisor did not start" : line);
        }
      }
    }
  }

  private static <T> T get(CompletableFuture<T> future) throws IOException {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw e;
    }
  }
}
