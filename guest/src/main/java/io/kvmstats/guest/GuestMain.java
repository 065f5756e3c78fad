package io.kvmstats.guest;

import io.kvmstats.linux.Kvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A VMM of one VM, in a process of its own: {@code -name NAME LIFE...}, a vCPU per life.
 *
 * <p>Takes its name as QEMU does, so that it is found as QEMU's VMs are. Prints {@code running}
 * when it does, and ends when its standard input does: with whoever started it, however that ended.
 */
public final class GuestMain {
  private static final int NAME_ARGUMENTS = 2;

  private GuestMain() {}

  /**
   * Runs the VM.
   *
   * @param args {@code -name NAME LIFE...}
   * @throws IOException when KVM refuses
   */
  public static void main(String[] args) throws IOException {
    if (args.length <= NAME_ARGUMENTS || !args[0].equals("-name")) {
      System.err.println("usage: -name NAME LIFE..., where LIFE is compute, port_io, mmio or halt");
      System.exit(2);
    }
    List<Life> lives = new ArrayList<>();
    for (int i = NAME_ARGUMENTS; i < args.length; i++) {
      lives.add(Life.valueOf(args[i].toUpperCase(Locale.ROOT)));
    }
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> {
      System.err.println(thread.getName() + ": " + e.getMessage());
      Runtime.getRuntime().halt(1);
    });
    setComm("kvmstats-guest");
    Kvm kvm = Kvm.open();
    Guest.start(kvm, lives);
    System.out.println("running");
    while (System.in.read() >= 0) {
      // Waits for the end of the input.
    }
    // The kernel stops vCPUs and frees everything with the process.
    Runtime.getRuntime().halt(0);
  }

  /** Names the process, which would be one of many called java. */
  private static void setComm(String name) throws IOException {
    long pid = ProcessHandle.current().pid();
    Files.writeString(Path.of("/proc/self/task/" + pid + "/comm"), name);
  }
}
