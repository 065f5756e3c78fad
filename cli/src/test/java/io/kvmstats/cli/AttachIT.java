package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code --attach} on Debian's QEMU, which keeps no stats fds before 8.1. */
class AttachIT {
  @TempDir private static Path folder;

  private static Path socket;
  private static Process shell;
  private static String pid;

  @BeforeAll
  static void start() throws Exception {
    App.assumeKvm();
    App.assumeCommand("qemu-system-x86_64");
    App.run("--version"); // The first start after a build has something to say.
    socket = folder.resolve("qmp");
    shell =
        new ProcessBuilder(
                "sh",
                "-c",
                "qemu-system-x86_64 -accel kvm -machine q35 -smp 2 -nodefaults -display none"
                    + " -name guest=attach-it,debug-threads=on -qmp unix:\"$0\",server=on,wait=off"
                    + " </dev/null & echo $!; wait $!",
                socket.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    pid = shell.inputReader(StandardCharsets.UTF_8).readLine();
    assertThat(App.eventually(() -> Files.exists(socket) && row().contains(",2,"))).isTrue();
  }

  @AfterAll
  static void end() {
    if (pid != null) {
      ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
      shell.onExit().join();
    }
  }

  private static String row() throws Exception {
    return App.run("list", "--format", "csv")
        .out()
        .lines()
        .filter(line -> line.startsWith(pid + ","))
        .findFirst()
        .orElse("");
  }

  private static JsonNode get() throws Exception {
    App.Result get = App.run("get", "--attach", "--pid", pid, "--format", "json");
    assertThat(get.exit()).as(get.err()).isZero();
    assertThat(get.err()).isEmpty();
    JsonNode vm = Schemas.read("get", get.out()).get("vms").get(0);
    assertThat(vm.get("source").asString()).isEqualTo("attach");
    assertThat(vm.get("why_not_better").isNull()).isTrue();
    return vm;
  }

  /** {@return what only ever grows, by "object statistic index"} */
  private static Map<String, Long> counters(JsonNode vm) {
    Map<String, Long> counters = new TreeMap<>();
    for (JsonNode object : vm.get("objects")) {
      String name = object.get("object").asString();
      for (JsonNode stat : object.get("stats")) {
        String type = stat.get("type").asString();
        boolean ours = stat.get("name").asString().startsWith("schedstat.");
        if (!ours && !type.equals("instant") && !type.equals("peak")) {
          String key = (name.equals("vm") ? "vm" : "vcpu" + object.get("vcpu").asInt()) + " ";
          put(counters, key + stat.get("name").asString() + " ", stat.get("value"), false);
        }
      }
    }
    return counters;
  }

  private static void put(
      Map<String, Long> values, String key, JsonNode value, boolean isReversed) {
    for (int i = 0; i < value.size(); i++) {
      values.put(key + (isReversed ? value.size() - 1 - i : i), value.get(i).asLong());
    }
    if (value.isNumber()) {
      values.put(key + 0, value.asLong());
    }
  }

  /** {@return what QEMU itself says, its histograms in both orders: 7.2 has them reversed} */
  private static List<Map<String, Long>> byQmp() throws IOException {
    Map<String, Long> asListed = new TreeMap<>();
    Map<String, Long> reversed = new TreeMap<>();
    try (Qmp qmp = new Qmp(socket)) {
      Map<String, Integer> vcpus = new TreeMap<>();
      for (JsonNode cpu : qmp.ask("{\"execute\":\"query-cpus-fast\"}")) {
        vcpus.put(cpu.get("qom-path").asString(), cpu.get("cpu-index").asInt());
      }
      for (String target : List.of("vm", "vcpu")) {
        for (JsonNode object :
            qmp.ask(
                "{\"execute\":\"query-stats\",\"arguments\":{\"target\":\"" + target + "\"}}")) {
          boolean isVm = target.equals("vm");
          String name = isVm ? "vm" : "vcpu" + vcpus.get(object.get("qom-path").asString());
          for (JsonNode stat : object.get("stats")) {
            String key = name + " " + stat.get("name").asString() + " ";
            put(asListed, key, stat.get("value"), false);
            put(reversed, key, stat.get("value"), true);
          }
        }
      }
    }
    return List.of(asListed, reversed);
  }

  private static boolean liesBetween(
      Map<String, Long> values, Map<String, Long> before, Map<String, Long> after) {
    return before.keySet().stream()
        .allMatch(key ->
            values.containsKey(key)
                && before.get(key) <= values.get(key)
                && values.get(key) <= after.get(key));
  }

  @Test
  void whatIsReadIsWhatQemuSaysItself() throws Exception {
    Map<String, Long> before = counters(get());
    List<Map<String, Long>> qemus = byQmp();
    Map<String, Long> after = counters(get());
    assertThat(before).containsKeys("vm remote_tlb_flush 0", "vcpu0 exits 0", "vcpu1 exits 0");
    assertThat(before.get("vcpu0 exits 0")).isPositive();
    assertThat(before.get("vcpu0 exits 0")).isLessThan(after.get("vcpu0 exits 0"));
    assertThat(qemus).anyMatch(values -> liesBetween(values, before, after));
  }

  @Test
  void whatIsScrapedIsWhatQemuSaysItself() throws Exception {
    try (Served served =
        Served.start(folder, "--broker", "none", "--attach", "--interval", "0.1")) {
      String exits = "kvm_vcpu_exits_total{vcpu=\"1\",vm=\"attach-it\"}";
      long before = byQmp().getFirst().get("vcpu1 exits 0");
      assertThat(App.eventually(() -> served.value(exits).orElse(-1.0) >= before)).isTrue();
      double scraped = served.value(exits).orElseThrow();
      assertThat((double) byQmp().getFirst().get("vcpu1 exits 0")).isGreaterThanOrEqualTo(scraped);
      assertThat(served.metrics())
          .contains("kvm_vm_up{vm=\"attach-it\"} 1")
          .contains(
              "kvm_vm_info{name=\"attach-it\",pid=\""
                  + pid
                  + "\",source=\"attach\",uuid=\"\",vm=\"attach-it\",vmm=\"qemu-system-x86_64\"} 1");
    }
  }

  @Test
  void listSaysWhatWouldHelpAndWhatItCosts() throws Exception {
    assertThat(row())
        .contains(
            "--attach has it open them, which stops a thread of it for a moment, once per VM and vCPU");
    App.Result list = App.run("list", "--attach", "--format", "csv");
    assertThat(list.out().lines().filter(line -> line.startsWith(pid + ",")))
        .containsExactly(pid + ",qemu-system-x86_64,attach-it,2,attach,false,");
    assertThat(row()).as("off by default").doesNotContain(",attach,");
  }

  /** What watch holds of the VM, to know it again, makes it no VMM. */
  @Test
  void watchAttachesOnceAndIsNoVmmItself() throws Exception {
    Process watch =
        new ProcessBuilder(
                App.command("watch", "--attach", "--format", "csv", "-i", "0.2", "-p", pid))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      var rows = watch.inputReader(StandardCharsets.UTF_8);
      for (int i = 0; i < 8; i++) {
        String row = rows.readLine();
        assertThat(row).isNotNull();
        assertThat(i == 0 || row.contains("attach-it")).as(row).isTrue();
      }
      assertThat(App.run("list", "--format", "csv").out())
          .contains(pid + ",qemu")
          .doesNotContain("\n" + watch.pid() + ",");
      App.Result stat = App.run("stat", "--attach", "-p", pid, "--stat", "exits", "-d", "0.2");
      assertThat(stat.exit()).as(stat.err()).isZero();
      assertThat(stat.out()).contains("exits");
    } finally {
      watch.destroy();
      watch.waitFor();
    }
    try (Qmp qmp = new Qmp(socket)) {
      assertThat(qmp.ask("{\"execute\":\"query-status\"}").get("status").asString())
          .isEqualTo("running");
    }
  }

  @Test
  void helpSaysWhatItCosts() throws Exception {
    for (String command : List.of("list", "get", "watch", "stat", "schema", "verify")) {
      assertThat(App.run(command, "--help").out().replaceAll("\\s+", " "))
          .contains("--attach", "stops a thread of it for a moment, once per VM and vCPU");
    }
  }
}
