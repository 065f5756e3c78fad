package io.kvmstats.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A program of this application in a process of its own, such as a VM that is to be found as any
 * other is.
 *
 * <p>It prints {@code running} when it does, and ends when the pipe to its standard input does,
 * which the kernel sees to however this process ends: none is left behind.
 */
public final class JavaProcess implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 3;

  private final Process process;

  private JavaProcess(Process process) {
    this.process = process;
  }

  /**
   * Starts a process, and does not wait until it runs.
   *
   * @param main its main class, of this class or module path
   * @param arguments its arguments
   * @return the process
   * @throws IOException when no JVM can be started
   */
  public static JavaProcess start(Class<?> main, List<String> arguments) throws IOException {
    return new JavaProcess(
        new ProcessBuilder(command(main, arguments))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /**
   * {@return the command line of a process of this application}
   *
   * @param main its main class, of this class or module path
   * @param arguments its arguments
   */
  public static List<String> command(Class<?> main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Small and quick to start: there may be many.
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx32m"));
    Module module = main.getModule();
    if (module.isNamed()) {
      command.add("--enable-native-access=io.kvmstats.linux");
      command.addAll(List.of("-p", System.getProperty("jdk.module.path")));
      command.addAll(List.of("-m", module.getName() + "/" + main.getName()));
    } else {
      command.add("--enable-native-access=ALL-UNNAMED");
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.add(main.getName());
    }
    command.addAll(arguments);
    return command;
  }

  /**
   * Waits until it runs.
   *
   * @throws IOException when it could not start; it has said why on our standard error
   */
  public void awaitRunning() throws IOException {
    if (!"running".equals(process.inputReader(StandardCharsets.UTF_8).readLine())) {
      throw new IOException("a VM's process did not start; what it said is above");
    }
  }

  /** {@return its pid} */
  public int pid() {
    return Math.toIntExact(process.pid());
  }

  /** Kills it, as a crash would; it is gone when this returns. */
  public void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** Ends its input, and waits until it has ended too; one that does not soon is killed. */
  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    try {
      process.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      kill(); // Stopped, for instance: it would not notice the end of its input.
    } catch (ExecutionException e) {
      throw new IOException(e);
    } catch (InterruptedException e) {
      kill();
      Thread.currentThread().interrupt();
    }
  }
}
