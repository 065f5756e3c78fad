package io.kvmstats.guest;

import io.kvmstats.linux.Kvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A VMM of one VM, in a process of its own: {@code -name NAME LIFE...}, a vCPU per life, or {@code
 * -name NAME -gaps FILE}, for a guest that keeps account of its pauses in memory that a file is.
 *
 * <p>Takes its name as QEMU does, so that it is found as QEMU's VMs are. Prints {@code running}
 * when it does, and ends when its standard input does: with whoever started it, however that ended.
 */
public final class GuestMain {
  static final String GAPS = "-gaps";
  private static final int NAME_ARGUMENTS = 2;
  private static final int GAPS_ARGUMENTS = 4;

  private GuestMain() {}

  /**
   * Runs the VM.
   *
   * @param args {@code -name NAME LIFE...} or {@code -name NAME -gaps FILE}
   * @throws IOException when KVM refuses
   */
  public static void main(String[] args) throws IOException {
    if (args.length <= NAME_ARGUMENTS || !args[0].equals("-name")) {
      System.err.println(
          "usage: -name NAME LIFE..., where LIFE is compute, port_io, mmio or halt;"
              + " or -name NAME -gaps FILE");
      System.exit(2);
    }
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> {
      System.err.println(thread.getName() + ": " + e.getMessage());
      Runtime.getRuntime().halt(1);
    });
    setComm("kvmstats-guest");
    Kvm kvm = Kvm.open();
    if (args.length == GAPS_ARGUMENTS && args[NAME_ARGUMENTS].equals(GAPS)) {
      Guest.measureGaps(kvm, Path.of(args[GAPS_ARGUMENTS - 1]));
    } else {
      Guest.start(kvm, lives(args));
    }
    System.out.println("running");
    while (System.in.read() >= 0) {
      // Waits for the end of the input.
    }
    // The kernel stops vCPUs and frees everything with the process.
    Runtime.getRuntime().halt(0);
  }

  private static List<Life> lives(String[] args) {
    List<Life> lives = new ArrayList<>();
    for (int i = NAME_ARGUMENTS; i < args.length; i++) {
      lives.add(Life.valueOf(args[i].toUpperCase(Locale.ROOT)));
    }
    return lives;
  }

  /** Names the process, which would be one of many called java. */
  private static void setComm(String name) throws IOException {
    long pid = ProcessHandle.current().pid();
    Files.writeString(Path.of("/proc/self/task/" + pid + "/comm"), name);
  }
}
