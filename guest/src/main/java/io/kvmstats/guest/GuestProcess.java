package io.kvmstats.guest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A guest in a process of its own, to be found and read as any VM is.
 *
 * <p>It ends when the pipe to its standard input does, which the kernel sees to however this
 * process ends: no guest is left behind.
 */
public final class GuestProcess implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 3;

  private final Process process;

  private GuestProcess(Process process) {
    this.process = process;
  }

  /**
   * Starts a process, and does not wait until its guest runs.
   *
   * @param name as QEMU's option {@code -name} takes it
   * @param lives one per vCPU, at most {@link Guest#VCPUS_MAX}
   * @return the process
   * @throws IOException when no JVM can be started
   */
  public static GuestProcess start(String name, List<Life> lives) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Small and quick to start: the guest does the work.
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx32m"));
    Module module = GuestMain.class.getModule();
    if (module.isNamed()) {
      command.add("--enable-native-access=io.kvmstats.linux");
      command.addAll(List.of("-p", System.getProperty("jdk.module.path")));
      command.addAll(List.of("-m", module.getName() + "/" + GuestMain.class.getName()));
    } else {
      command.add("--enable-native-access=ALL-UNNAMED");
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.add(GuestMain.class.getName());
    }
    command.addAll(List.of("-name", name));
    lives.forEach(life -> command.add(life.name().toLowerCase(Locale.ROOT)));
    return new GuestProcess(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /**
   * Waits until the guest runs.
   *
   * @return this
   * @throws IOException when it could not start; it has said why on our standard error
   */
  public GuestProcess awaitRunning() throws IOException {
    if (!"running".equals(process.inputReader(StandardCharsets.UTF_8).readLine())) {
      throw new IOException("a guest did not start; what it said is above");
    }
    return this;
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
