package io.kvmstats.exec;

import io.kvmstats.linux.Exec;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.SeccompListener;
import io.kvmstats.linux.Tracee;
import java.io.IOException;
import java.time.Duration;

/**
 * The supervisor's process: {@code PID} of the program that will be. Descriptor 3 is the listener.
 *
 * <p>Prints {@code ready} when it is, or why it can't be.
 */
public final class SupervisorMain {
  static final String READY = "ready";
  static final int LISTENER = 3;

  private SupervisorMain() {}

  /**
   * Answers until there is no program any more.
   *
   * @param args the program's pid
   * @throws Exception a defect
   */
  public static void main(String[] args) throws Exception {
    run(Integer.parseInt(args[0]), () -> {});
    Runtime.getRuntime().halt(0); // Whatever threads wait for a program that has gone.
  }

  /** {@code step} is called after each thing that is done to a thread of the program. */
  static void run(int pid, Runnable step) throws IOException {
    SeccompListener listener = SeccompListener.of(LISTENER);
    Layout layout;
    try {
      Exec.leaveSession();
      layout = Layout.ofThisKernel();
      checkTracing(pid);
    } catch (IOException e) {
      System.out.println(e.getMessage());
      return;
    }
    System.out.println(READY);
    new Supervisor(listener, layout, step).run();
  }

  /** Better now than when the first VM is created: the program will run as that process does. */
  private static void checkTracing(int pid) throws IOException {
    LinuxException[] refused = new LinuxException[1];
    // Its end is the end of tracing.
    Thread tracer =
        Thread.ofPlatform()
            .start(() -> {
              try (Tracee tracee = Tracee.seize(pid, Duration.ZERO, () -> {})) {
                assert tracee.tid() == pid;
              } catch (LinuxException e) {
                refused[0] = e;
              }
            });
    try {
      tracer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (refused[0] != null) {
      throw new IOException(
          "the program could not be traced, which opening its VMs' stats fds takes: "
              + refused[0].getMessage()
              + "; 'kvmstats doctor' tells what ptrace(2) needs here");
    }
  }
}
