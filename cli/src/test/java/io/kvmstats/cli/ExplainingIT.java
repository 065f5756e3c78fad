package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** {@code doctor}, {@code verify} and {@code stat} on a real VM. */
class ExplainingIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static CVmm vmm;

  @BeforeAll
  static void start() throws Exception {
    vmm = CVmm.start("-name", "explained");
  }

  @AfterAll
  static void end() throws Exception {
    if (vmm != null) {
      vmm.close();
    }
  }

  private static String pid() {
    return Long.toString(vmm.pid());
  }

  @Test
  void doctorNamesWhatIsThereAndEachVm() throws Exception {
    App.Result doctor = App.run("doctor", "--format", "json");
    Set<String> subjects = new HashSet<>();
    for (JsonNode finding : JSON.readTree(doctor.out()).get("findings")) {
      subjects.add(finding.get("subject").asString());
      boolean fine = finding.get("state").asString().equals("ok");
      assertThat(finding.get("advice").isNull()).as(finding.toString()).isEqualTo(fine);
    }
    assertThat(subjects)
        .contains(
            "kernel",
            "/dev/kvm",
            "stats fd (capability 203)",
            "binary form (capability 195)",
            "lockdown",
            "ptrace scope",
            "CAP_SYS_PTRACE",
            "our seccomp filter",
            "open files",
            "debugfs",
            "QMP sockets",
            "VM explained (pid " + pid() + ")");
  }

  @Test
  void verifyAcceptsTheKernelsFilesAndNamesWhatIsWrongWithOthers(@TempDir Path folder)
      throws Exception {
    App.Result kernel = App.run("verify", "--pid", pid());
    assertThat(kernel.exit()).as(kernel.out()).isZero();
    assertThat(kernel.out().lines().filter(line -> line.endsWith("every rule is kept"))).hasSize(3);
    Path garbage = Files.write(folder.resolve("garbage"), new byte[] {1, 2, 3});
    App.Result file = App.run("verify", garbage.toString());
    assertThat(file.exit()).isEqualTo(1);
    assertThat(file.out()).contains("truncated").contains("byte 3");
    assertThat(App.run("verify").exit()).isEqualTo(2);
  }

  @Test
  void statPassesTheCommandThroughAndCountsMeanwhile() throws Exception {
    App.Result stat =
        App.run(
            List.of(
                App.HOME.resolve("kvmstats").toString(),
                "stat",
                "--pid",
                pid(),
                "--format",
                "json",
                "--repeat",
                "1",
                "--",
                "sh",
                "-c",
                "echo its own output; exit 7"));
    assertThat(stat.exit()).isEqualTo(7);
    assertThat(stat.out()).isEqualTo("its own output\n");
    JsonNode objects = JSON.readTree(stat.err()).get("objects");
    assertThat(objects.size()).isEqualTo(3);
    for (JsonNode element : objects.get(1).get("stats")) {
      // The vCPU stands still: 0 is known of what is counted, and nothing of what is not.
      boolean counted = !List.of("instant", "peak").contains(element.get("type").asString());
      assertThat(element.get("delta").isNull()).isEqualTo(!counted);
      assertThat(element.get("delta").toString()).doesNotContainPattern("[1-9]");
    }
    App.Result repeated =
        App.run("stat", "--pid", pid(), "-d", "0.05", "--repeat", "3", "--format", "json");
    assertThat(JSON.readTree(repeated.out()).get("objects").get(0).get("runs").asInt())
        .isEqualTo(3);
    assertThat(App.run("stat", "--pid", pid()).exit()).isEqualTo(2);
  }
}
