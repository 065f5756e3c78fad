package io.kvmstats.cli;

import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A run for the JVM to learn from: what it loads and links here goes into a cache, and later starts
 * find it there. Not a command.
 */
public final class Training {
  private Training() {}

  /**
   * Does once what has to start fast.
   *
   * @param args none
   * @throws Exception when that fails
   */
  public static void main(String[] args) throws Exception {
    if (!Files.isWritable(Path.of("/dev/kvm"))) {
      Main.run("get"); // No VM can be started to read: the way there is learned all the same.
      return;
    }
    try (GuestProcess guest = GuestProcess.start("training", List.of(Life.HALT)).awaitRunning()) {
      for (Format format : Format.values()) {
        String pid = Integer.toString(guest.pid());
        Main.run("get", "--pid", pid, "--stat", "*", "--format", format.toString());
      }
      attach(guest.pid());
    }
  }

  /** While a VMM's thread stands still for it, is no time to load classes. */
  private static void attach(int pid) {
    try (AttachPhase attach = AttachPhase.start(pid)) {
      attach.read();
    } catch (IOException e) {
      Messages.say("--attach can't be learned: " + e.getMessage());
    }
  }
}
