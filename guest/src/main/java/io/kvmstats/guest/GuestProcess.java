package io.kvmstats.guest;

import io.kvmstats.linux.JavaProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A guest in a process of its own, to be found and read as any VM is. */
public final class GuestProcess implements AutoCloseable {
  private final JavaProcess process;

  private GuestProcess(JavaProcess process) {
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
    List<String> arguments = new ArrayList<>(List.of("-name", name));
    lives.forEach(life -> arguments.add(life.name().toLowerCase(Locale.ROOT)));
    return new GuestProcess(JavaProcess.start(GuestMain.class, arguments));
  }

  /**
   * Starts a process with a guest of one vCPU that keeps account of when it does not run, and does
   * not wait until it does.
   *
   * @param name as QEMU's option {@code -name} takes it
   * @param meter has the guest's memory
   * @return the process
   * @throws IOException when no JVM can be started
   */
  public static GuestProcess start(String name, GapMeter meter) throws IOException {
    List<String> arguments = List.of("-name", name, GuestMain.GAPS, meter.path().toString());
    return new GuestProcess(JavaProcess.start(GuestMain.class, arguments));
  }

  /**
   * Waits until the guest runs.
   *
   * @return this
   * @throws IOException when it could not start; it has said why on our standard error
   */
  public GuestProcess awaitRunning() throws IOException {
    process.awaitRunning();
    return this;
  }

  /** {@return its pid} */
  public int pid() {
    return process.pid();
  }

  /** Kills it, as a crash would; it is gone when this returns. */
  public void kill() {
    process.kill();
  }

  /** Ends it, and waits until it has; one that does not soon is killed. */
  @Override
  public void close() throws IOException {
    process.close();
  }
}
