package io.kvmstats.discover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.core.model.Schema;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import io.kvmstats.linux.Fd;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a user who may not look into a VMM is told about it: by a scan as another user than root.
 */
class HiddenTest {
  private static final String WHY = ": another user's process: run as root or as its user";

  @Test
  void vmmsAreToldFromOtherProcessesByTheirNames(@TempDir Path folder) throws Exception {
    FakeProc proc = new FakeProc(folder);
    proc.process(101, "qemu-system-x86", 1, "/usr/bin/qemu-system-x86_64");
    proc.process(102, "vmm", 1);
    proc.thread(102, 1102, "CPU 0/KVM");
    proc.process(103, "crosvm", 1);
    proc.thread(103, 1103, "kvm-nx-lpage-re");
    proc.process(104, "sshd", 1);
    proc.thread(104, 1104, "CPU x/KVM");
    proc.process(105, "kvmtool", 1);
    Path zombie = proc.process(106, "qemu-system-x86", 1).resolve("stat");
    Files.writeString(zombie, Files.readString(zombie).replace(") S ", ") Z "));
    for (int pid = 101; pid <= 106; pid++) {
      Path fds = folder.resolve(Integer.toString(pid)).resolve("fd");
      Files.setPosixFilePermissions(fds, PosixFilePermissions.fromString("---------"));
    }
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    assertThat(scan(folder))
        .containsExactly(
            "hidden 101 qemu-system-x86_64" + WHY,
            "hidden 102 vmm" + WHY,
            "hidden 103 crosvm" + WHY);
  }

  @Test
  void anotherUsersGuestIsHidden() throws Exception {
    assumeTrue(isRoot(), "needs root, to start a guest as one user and look for it as another");
    Machine.assumeKvm();
    try (GuestProcess guest = GuestProcess.start("secret", List.of(Life.HALT)).awaitRunning()) {
      List<String> lines = scan(Path.of("/proc"));
      assertThat(lines)
          .contains("hidden " + guest.pid() + " kvmstats-guest" + WHY)
          .doesNotContain("found " + guest.pid());
    }
  }

  /** {@return what a user that is not root sees} */
  private static List<String> scan(Path root) throws Exception {
    // Only what is needed: another user may not read all of the class path.
    List<String> classPath =
        Stream.of(ScanMain.class, Host.class, Fd.class, Schema.class)
            .map(type -> type.getProtectionDomain().getCodeSource().getLocation().getPath())
            .distinct()
            .toList();
    List<String> java = Machine.java(ScanMain.class.getName());
    java.set(java.indexOf("-cp") + 1, String.join(File.pathSeparator, classPath));
    java.add(root.toString());
    if (!isRoot()) {
      return output(java);
    }
    boolean installed =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder).resolve("setpriv")));
    assumeTrue(installed, "needs setpriv, which is not installed");
    for (String path : classPath) {
      assumeTrue(
          asNobody(List.of("test", "-r", path)).start().waitFor() == 0,
          "needs a build that another user may read: " + path);
    }
    assumeTrue(
        asNobody(List.of("test", "-x", java.getFirst())).start().waitFor() == 0,
        "needs a JDK that another user may run");
    return output(asNobody(java).command());
  }

  private static boolean isRoot() throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
  }

  private static ProcessBuilder asNobody(List<String> command) {
    List<String> all = new ArrayList<>();
    all.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
    all.addAll(command);
    return new ProcessBuilder(all);
  }

  private static List<String> output(List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.lines().toList();
  }
}
