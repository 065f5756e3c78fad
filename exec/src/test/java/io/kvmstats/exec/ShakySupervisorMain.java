package io.kvmstats.exec;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@code PID supervisor|program STEPS}: a supervisor after whose so-manieth step, done to a thread
 * of the program, it is killed itself, or the program is.
 */
final class ShakySupervisorMain {
  private ShakySupervisorMain() {}

  public static void main(String[] args) throws Exception {
    String self = Long.toString(ProcessHandle.current().pid());
    String victim = args[1].equals("program") ? args[0] : self;
    AtomicInteger left = new AtomicInteger(Integer.parseInt(args[2]));
    SupervisorMain.run(
        Integer.parseInt(args[0]),
        () -> {
          if (left.decrementAndGet() == 0) {
            kill(victim);
          }
        });
    Runtime.getRuntime().halt(0);
  }

  /** Returns when it is dead, or never. */
  private static void kill(String pid) {
    try {
      new ProcessBuilder("kill", "-KILL", pid).start().waitFor();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
