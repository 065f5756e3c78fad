package io.kvmstats.publish.simulate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A VMM of one made-up VM, in a process of its own: {@code -name NAME SEED VM VCPUS}.
 *
 * <p>Takes its name as QEMU does, so that it is found as QEMU's VMs are. Prints {@code running}
 * when it does, and ends when its standard input does: with whoever started it, however that ended.
 */
public final class SimulatorMain {
  /** Short beside any interval that rates are taken over, which may hold a step more or less. */
  private static final long STEP_NANOS = 20_000_000;

  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final int ARGUMENTS = 5;

  private SimulatorMain() {}

  /**
   * Runs the VM.
   *
   * @param args {@code -name NAME SEED VM VCPUS}
   * @throws Exception when it can't be published
   */
  public static void main(String[] args) throws Exception {
    if (args.length != ARGUMENTS || !args[0].equals("-name")) {
      System.err.println("usage: -name NAME SEED VM VCPUS");
      System.exit(2);
    }
    long seed = Long.parseLong(args[2]);
    int number = Integer.parseInt(args[3]);
    setComm("kvmstats-sim");
    Script script = Script.of(seed, number, Integer.parseInt(args[4]));
    SimulatedVm vm = new SimulatedVm(seed, number, script);
    Thread.ofPlatform().daemon().start(SimulatorMain::awaitEndOfInput);
    System.out.println("running");
    long start = System.nanoTime();
    for (long step = 1; ; step++) {
      vm.step(STEP_NANOS);
      // Steps are equal, so that the numbers are the script's; one that comes late is caught up.
      long left = start + step * STEP_NANOS - System.nanoTime();
      Thread.sleep(Math.max(0, left / NANOS_PER_MILLI));
    }
  }

  private static void awaitEndOfInput() {
    try {
      while (System.in.read() >= 0) {
        // Waits for the end of the input.
      }
    } catch (IOException e) {
      System.err.println("standard input: " + e.getMessage());
    }
    Runtime.getRuntime().halt(0);
  }

  /** Names the process, which would be one of many called java. */
  private static void setComm(String name) throws IOException {
    long pid = ProcessHandle.current().pid();
    Files.writeString(Path.of("/proc/self/task/" + pid + "/comm"), name);
  }
}
