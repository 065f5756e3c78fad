package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code schema}, {@code help}, {@code doctor}, {@code verify} and {@code stat} on a real VM. */
class ExplainingIT {
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
  void schemaHasEveryStatisticOfTheVmAndWhatItMeans(TestReporter reporter) throws Exception {
    App.Result schema = App.run("schema", "--pid", pid(), "--format", "json");
    assertThat(schema.exit()).as(schema.err()).isZero();
    Set<String> names = new HashSet<>();
    List<String> unknown = new ArrayList<>();
    for (JsonNode stat : Schemas.read("schema", schema.out()).get("stats")) {
      names.add(stat.get("object").asString() + " " + stat.get("name").asString());
      if (stat.get("meaning").isNull()) {
        unknown.add(stat.get("name").asString());
      }
      if (stat.get("name").asString().equals("halt_wait_hist")) {
        assertThat(stat.get("size").asInt()).isEqualTo(32);
        assertThat(stat.get("unit").asString()).isEqualTo("seconds");
        assertThat(stat.get("sum").asString()).isEqualTo("halt_wait_ns");
      }
    }
    Set<String> theirs = new HashSet<>();
    for (String value : vmm.values.keySet()) {
      String[] words = value.split(" ", -1);
      theirs.add(words[0].replaceAll("[0-9]", "") + " " + words[1]);
    }
    assertThat(names).contains("vcpu schedstat.run_ns", "vcpu schedstat.wait_ns");
    names.removeIf(name -> name.startsWith("vcpu schedstat.")); // Ours, and no other is.
    assertThat(names).isEqualTo(theirs);
    // A newer kernel's are no mistake of ours, until somebody has read this and explains them.
    if (!unknown.isEmpty()) {
      reporter.publishEntry("this kernel's statistics that the catalog lacks", unknown.toString());
    }
    assertThat(unknown.size()).isLessThan(names.size() / 2);
    String said = unknown.isEmpty() ? "" : "not in the catalog: " + String.join(", ", unknown);
    assertThat(schema.err()).contains(said);
    // The same without a VM: asked of one that is made for it.
    App.Result kernels = App.run("schema", "--format", "json");
    assertThat(kernels.out()).isEqualTo(schema.out());
  }

  @Test
  void helpExplainsAStatisticOrACommand() throws Exception {
    assertThat(App.run("help", "halt_wait_hist").out())
        .contains("halt_wait_ns", "arm64", "since", "vCPU");
    assertThat(App.run("help", "schedstat.wait_ns").out())
        .contains("steal time", "Of kvmstats", "/proc/PID/task/TID/schedstat")
        .doesNotContain("since");
    assertThat(App.run("help", "irq_window").out()).contains("irq_window_exits", "earlier names");
    assertThat(App.run("help", "watch").out()).contains("Usage: kvmstats watch");
    assertThat(App.run("help", "largepages").out()).contains("Linux 5.14");
    App.Result unknown = App.run("help", "no_such");
    assertThat(unknown.exit()).isEqualTo(2);
    assertThat(unknown.err()).contains("try kvmstats schema");
  }

  @Test
  void doctorNamesWhatIsThereAndEachVm() throws Exception {
    App.Result doctor = App.run("doctor", "--format", "json");
    Set<String> subjects = new HashSet<>();
    for (JsonNode finding : Schemas.read("doctor", doctor.out()).get("findings")) {
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
    Path fifo = folder.resolve("fifo");
    assertThat(App.run(List.of("mkfifo", fifo.toString())).exit()).isZero();
    assertThat(App.run("verify", fifo.toString()).err()).contains(fifo + " is no regular file");
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
    JsonNode objects = Schemas.read("stat", stat.err()).get("vms").get(0).get("objects");
    assertThat(objects.size()).isEqualTo(3);
    for (JsonNode element : objects.get(1).get("stats")) {
      if (element.get("name").asString().startsWith("schedstat.")) {
        assertThat(element.get("delta").isNull()).as("of a thread that is not known").isTrue();
        continue;
      }
      // The vCPU stands still: 0 is known of what is counted, and nothing of what is not.
      boolean counted = !List.of("instant", "peak").contains(element.get("type").asString());
      assertThat(element.get("delta").isNull()).isEqualTo(!counted);
      assertThat(element.get("delta").toString()).doesNotContainPattern("[1-9]");
    }
    App.Result repeated =
        App.run("stat", "--pid", pid(), "-d", "0.05", "--repeat", "3", "--format", "json");
    JsonNode vm = Schemas.read("stat", repeated.out()).get("vms").get(0);
    assertThat(vm.get("objects").get(0).get("runs").asInt()).isEqualTo(3);
    assertThat(App.run("stat", "--pid", pid()).exit()).isEqualTo(2);
  }

  @Test
  void statWritesToAFileAndSaysWhatItCannotStart(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("numbers.json");
    App.Result stat =
        App.run(
            "stat", "--pid", pid(), "-o", file.toString(), "--format", "json", "--", "echo", "its");
    assertThat(stat.out()).isEqualTo("its\n");
    assertThat(stat.err()).isEmpty();
    Schemas.read("stat", Files.readString(file));
    App.Result none = App.run("stat", "--pid", pid(), "--", "/no/such/command");
    assertThat(none.exit()).isEqualTo(127);
    assertThat(none.err()).contains("/no/such/command");
    Path nowhere = folder.resolve("no/such/folder");
    App.Result unwritten = App.run("stat", "--pid", pid(), "-d", "0.01", "-o", nowhere.toString());
    assertThat(unwritten.exit()).isEqualTo(1);
    assertThat(unwritten.err()).contains("there is no file " + nowhere);
  }

  @Test
  void statSaysThatNothingMatches() throws Exception {
    App.Result stat = App.run("stat", "--pid", pid(), "-d", "60", "--stat", "no_such");
    assertThat(stat.exit()).isEqualTo(3);
    assertThat(stat.out()).isEmpty();
    assertThat(stat.err()).contains("no statistic matches");
  }

  @Test
  void statSaysWhichVmEndedMeanwhile() throws Exception {
    try (GuestProcess guest = GuestProcess.start("ends", List.of(Life.HALT)).awaitRunning()) {
      String pid = Integer.toString(guest.pid());
      String end = "kill -9 " + pid + "; tail --pid=" + pid + " -f /dev/null";
      App.Result stat = App.run("stat", "--pid", pid, "--", "sh", "-c", end);
      assertThat(stat.exit()).as(stat.err()).isZero();
      assertThat(stat.err())
          .contains("ends (pid " + pid + ") has ended")
          .contains("ends (pid " + pid + "): vCPU 0");
    }
  }

  @Test
  void anInterruptEndsStatWithItsNumbers() throws Exception {
    for (List<String> until : List.of(List.of("-d", "60"), List.of("--", "sleep", "60"))) {
      List<String> command = App.command("stat", "--pid", pid(), "--format", "json");
      command.addAll(until);
      Process stat = new ProcessBuilder(command).redirectErrorStream(true).start();
      assertThat(App.eventually(() -> holdsStatsFds(stat))).isTrue();
      String pid = Long.toString(stat.pid());
      assertThat(new ProcessBuilder("kill", "-INT", pid).start().waitFor()).isZero();
      String numbers = new String(stat.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(stat.waitFor()).isEqualTo(130);
      assertThat(Schemas.read("stat", numbers).get("vms").size()).isEqualTo(1);
      assertThat(stat.descendants()).isEmpty();
    }
  }

  /** {@return whether it has what it reads} */
  private static boolean holdsStatsFds(Process stat) throws Exception {
    Path fds = Path.of("/proc/" + stat.pid() + "/fd");
    try (DirectoryStream<Path> numbers = Files.newDirectoryStream(fds)) {
      for (Path number : numbers) {
        if (Files.readSymbolicLink(number).toString().startsWith("anon_inode:kvm-")) {
          return true;
        }
      }
    } catch (NoSuchFileException e) {
      // A descriptor that was closed meanwhile: look again.
    }
    return false;
  }

  @Test
  void whatRunsDifferByIsKnownOfNumbersAndNotOfHistograms() throws Exception {
    try (GuestProcess guest = GuestProcess.start("runs", List.of(Life.HALT)).awaitRunning()) {
      App.Result stat =
          App.run(
              "stat",
              "--pid",
              Integer.toString(guest.pid()),
              "--stat",
              "halt_wait_*",
              "--repeat",
              "2",
              "--duration",
              "0.1",
              "--format",
              "json");
      JsonNode objects = Schemas.read("stat", stat.out()).get("vms").get(0).get("objects");
      JsonNode stats = objects.get(1).get("stats");
      assertThat(stats.findValuesAsString("name"))
          .containsExactly("halt_wait_ns", "halt_wait_hist");
      assertThat(stats.get(0).get("spread").asDouble()).isBetween(0.0, 1.0);
      assertThat(stats.get(1).get("spread").isNull()).isTrue();
      assertThat(stats.get(1).get("delta").toString()).containsPattern("[1-9]");
      String[] table = {"stat", "--vm", "runs", "--stat", "halt_wait_hist", "-d", "0.1", "-r", "2"};
      assertThat(App.run(table).out()).contains("samples in all 2 runs");
    }
  }
}
