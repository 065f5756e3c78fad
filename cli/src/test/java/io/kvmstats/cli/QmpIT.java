package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code --qmp} on Debian's QEMU, which keeps no stats fds before 8.1, beside a client of its. */
class QmpIT {
  @TempDir private static Path folder;

  private static Path taken;
  private static Path free;
  private static Process shell;
  private static String pid;

  @BeforeAll
  static void start() throws Exception {
    App.assumeKvm();
    App.assumeCommand("qemu-system-x86_64");
    App.run("--version"); // The first start after a build has something to say.
    taken = folder.resolve("taken");
    free = folder.resolve("free");
    shell =
        new ProcessBuilder(
                "sh",
                "-c",
                "qemu-system-x86_64 -accel kvm -machine q35 -smp 2 -nodefaults -display none"
                    + " -name guest=qmp-it,debug-threads=on -qmp unix:\"$0\",server=on,wait=off"
                    + " -qmp unix:\"$1\",server=on,wait=off </dev/null & echo $!; wait $!",
                taken.toString(),
                free.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    pid = shell.inputReader(StandardCharsets.UTF_8).readLine();
    assertThat(App.eventually(() -> Files.exists(free) && row().contains(",2,"))).isTrue();
  }

  @AfterAll
  static void end() {
    if (pid != null) {
      ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
      shell.onExit().join();
    }
  }

  private static String row(String... options) throws Exception {
    List<String> list = new ArrayList<>(List.of("list", "--format", "csv"));
    list.addAll(List.of(options));
    return App.run(list.toArray(String[]::new))
        .out()
        .lines()
        .filter(line -> line.startsWith(pid + ","))
        .findFirst()
        .orElse("");
  }

  @Test
  void getHasEveryValueAtOnce() throws Exception {
    App.Result get = App.run("get", "--qmp", "--pid", pid, "--format", "json");
    assertThat(get.exit()).as(get.err()).isZero();
    JsonNode vm = Schemas.read("get", get.out()).get("vms").get(0);
    assertThat(vm.get("source").asString()).isEqualTo("qmp");
    assertThat(vm.get("why_not_better").asString())
        .startsWith("the VMM keeps no stats fd open")
        .contains("; qmp interrupts every vCPU at each reading, as QEMU ");
    assertThat(vm.get("objects")).hasSize(3);
    assertThat(vm.get("objects").get(1).get("id").asString()).startsWith("/machine/");
    int exits = 0;
    for (JsonNode object : vm.get("objects")) {
      for (JsonNode stat : object.get("stats")) {
        if (!stat.get("type").asString().equals("log2-histogram")) {
          assertThat(stat.get("value").isNull()).as(stat.toString()).isFalse();
        }
        exits += stat.get("name").asString().equals("exits") ? stat.get("value").asInt() : 0;
      }
    }
    assertThat(exits).isPositive();
  }

  @Test
  void aSocketThatIsTakenIsLeftAndTheOtherRead() throws Exception {
    try (Qmp client = new Qmp(taken)) {
      assertThat(row("--qmp")).contains(",qmp-it,2,qmp,false,");
      try (Qmp other = new Qmp(free)) {
        assertThat(row("--qmp"))
            .containsPattern(",qmp-it,2,(debugfs)?,false,")
            .contains(taken + ": no greeting: a monitor serves one client at a time")
            .contains(free + ": no greeting");
        assertThat(other.ask("{\"execute\":\"query-status\"}").get("status").asString())
            .isEqualTo("running");
      }
      assertThat(client.ask("{\"execute\":\"query-status\"}").get("status").asString())
          .isEqualTo("running");
    }
  }

  @Test
  void watchAndStatHaveRates() throws Exception {
    App.Result watch =
        App.run(
            "watch",
            "--qmp",
            "-p",
            pid,
            "-i",
            "0.3",
            "-n",
            "6",
            "--stat",
            "exits",
            "--format",
            "csv");
    assertThat(watch.exit()).as(watch.err()).isZero();
    List<String> vcpu0 =
        watch.out().lines().filter(line -> line.contains("," + pid + ",qmp-it,0,")).toList();
    assertThat(vcpu0).hasSize(6);
    // A sweep that comes sooner than expected finds no newer poll, and has no rate.
    assertThat(vcpu0.stream().filter(line -> line.matches(".*,qmp,[0-9.E]+")))
        .hasSizeGreaterThanOrEqualTo(3);
    App.Result stat =
        App.run("stat", "--qmp", "-p", pid, "--stat", "exits", "-d", "1", "--format", "json");
    assertThat(stat.exit()).as(stat.err()).isZero();
    JsonNode vcpu = Schemas.read("stat", stat.out()).get("vms").get(0).get("objects").get(1);
    // Polled at its start and at its end, and not some time before.
    assertThat(vcpu.get("seconds").asDouble()).isBetween(0.95, 2.0);
  }

  @Test
  void itIsOffByDefaultAndHelpSaysWhatItCosts() throws Exception {
    assertThat(row()).contains("--attach has it open them").doesNotContain("qmp:");
    for (String command : List.of("list", "get", "watch", "stat", "schema")) {
      assertThat(App.run(command, "--help").out().replaceAll("\\s+", " "))
          .contains("--qmp", "before QEMU 8.1 that interrupts every vCPU, at each reading");
    }
  }
}
