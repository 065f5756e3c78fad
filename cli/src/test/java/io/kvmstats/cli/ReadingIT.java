package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** {@code list}, {@code get} and {@code watch} on a VMM that is not ours. */
class ReadingIT {
  /** A name that would turn the terminal red, end a CSV field and end a JSON string. */
  private static final String EVIL = "\u001b[31m\"a,b\"\n}";

  private static CVmm vmm;

  @BeforeAll
  static void start() throws Exception {
    vmm = CVmm.start("-name", "guest=" + EVIL.replace(",", ",,") + ",debug-threads=on");
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
  void everyValueIsWhatTheVmmReadsItself() throws Exception {
    App.Result get = App.run("get", "--pid", pid(), "--format", "json");
    assertThat(get.exit()).as(get.err()).isZero();
    assertThat(get.err()).isEmpty();
    JsonNode vm = Schemas.read("get", get.out()).get("vms").get(0);
    assertThat(vm.get("name").asString()).isEqualTo(EVIL);
    assertThat(vm.get("source").asString()).isEqualTo("dup");
    assertThat(vm.get("why_not_better").isNull()).isTrue();
    Map<String, String> values = new TreeMap<>();
    for (JsonNode object : vm.get("objects")) {
      String name = object.get("object").asString();
      String label = name.equals("vm") ? "vm" : name + object.get("vcpu").asInt();
      for (JsonNode stat : object.get("stats")) {
        JsonNode value = stat.get("value");
        if (stat.get("name").asString().startsWith("schedstat.")) {
          // No thread of the VMM is seen to run a vCPU: absent, and there is no reading 0 into it.
          assertThat(value.isNull()).isTrue();
          continue;
        }
        String key = label + " " + stat.get("name").asString() + " ";
        if (value.isArray()) {
          for (int i = 0; i < value.size(); i++) {
            values.put(key + i, value.get(i).asString());
          }
        } else {
          values.put(key + 0, value.asString());
        }
      }
    }
    assertThat(values).isEqualTo(vmm.values);
    // Not all zeros against all zeros.
    assertThat(Long.parseLong(values.get("vcpu0 exits 0"))).isGreaterThanOrEqualTo(300);
  }

  @Test
  void csvHasTheSameValues() throws Exception {
    App.Result get = App.run("get", "--pid", pid(), "--format", "csv");
    assertThat(get.out()).contains("\"" + EVIL.replace("\"", "\"\"") + "\"");
    List<String> theirs = new ArrayList<>(vmm.values.values());
    // The name has a line end in it, so a row ends where the value does.
    List<String> ours = new ArrayList<>();
    for (String line : get.out().lines().skip(1).toList()) {
      if (line.startsWith("}") && !line.contains(",schedstat.")) {
        ours.add(line.substring(line.lastIndexOf(',') + 1));
      }
    }
    assertThat(ours).containsExactlyInAnyOrderElementsOf(theirs);
  }

  @Test
  void aNameCannotCommandTheTerminal() throws Exception {
    App.Result list = App.run("list");
    assertThat(list.exit()).isZero();
    assertThat(list.out()).contains(pid()).contains("\\u001b[31m\"a,b\"\\u000a}").contains("dup");
    assertThat(list.out() + list.err()).doesNotContain("\u001b");
    assertThat(App.run("get", "--pid", pid()).out()).doesNotContain("\u001b");
  }

  @Test
  void listSaysHowEachVmIsRead() throws Exception {
    JsonNode list = Schemas.read("list", App.run("list", "--format", "json").out());
    for (JsonNode vm : list.get("vms")) {
      if (vm.get("pid").asLong() == vmm.pid()) {
        assertThat(vm.get("name").asString()).isEqualTo(EVIL);
        assertThat(vm.get("vm_count").asInt()).isEqualTo(1);
        assertThat(vm.get("vcpu_count").asInt()).isEqualTo(2);
        return;
      }
    }
    throw new AssertionError("the VM is not listed: " + list);
  }

  /** This process is their VMM: nothing but the descriptors tells what is whose. */
  @Test
  void severalVmsOfOneProcessAreToldApart() throws Exception {
    App.assumeKvm();
    String self = Long.toString(ProcessHandle.current().pid());
    try (Kvm kvm = Kvm.open();
        KvmVm vmA = kvm.createVm();
        KvmVm vmB = kvm.createVm();
        KvmVcpu vcpuA = vmA.createVcpu(0);
        KvmVcpu vcpuB = vmB.createVcpu(0);
        Fd statsVmA = vmA.statsFd();
        Fd statsVmB = vmB.statsFd();
        Fd statsA = vcpuA.statsFd();
        Fd statsB = vcpuB.statsFd()) {
      App.Result table = App.run("get", "--pid", self, "--stat", "*xits");
      assertThat(table.out())
          .contains("vCPU 0 (fd " + statsA.number() + ")", "vCPU 0 (fd " + statsB.number() + ")");
      App.Result json = App.run("get", "--pid", self, "--format", "json");
      assertThat(Schemas.read("get", json.out()).findValues("fd").stream().map(JsonNode::asInt))
          .containsExactlyInAnyOrder(
              statsVmA.number(), statsVmB.number(), statsA.number(), statsB.number());
      assertThat(together(self)).isEqualTo("0.0");

      try (Fd again = vcpuA.statsFd()) {
        // Three stats fds of vCPUs 0, and two of these: a sum might count one twice.
        assertThat(again.number()).isPositive();
        assertThat(together(self)).isEmpty();
        assertThat(App.run("list").out()).contains("can't be told");
      }
    }
  }

  /** {@return the exits per second of a process's VMs together, as watch says} */
  private static String together(String pid) throws Exception {
    App.Result watch =
        App.run(
            "watch", "--pid", pid, "-n", "1", "-i", "0.1", "--stat", "exits", "--format", "csv");
    String[] row = watch.out().lines().skip(1).findFirst().orElseThrow().split(",", -1);
    assertThat(row[3]).as("the row of all vCPUs").isEmpty();
    return row[row.length - 1];
  }

  @Test
  void whatNoColumnHoldsIsSaid() throws Exception {
    String pid = Long.toString(vmm.pid());
    App.Result none = App.run("watch", "--pid", pid, "--stat", "no_such", "-n", "1");
    assertThat(none.exit()).isEqualTo(3);
    assertThat(none.err()).contains("no statistic matches");
    App.Result histogram = App.run("watch", "--pid", pid, "--stat", "*_hist", "-n", "1");
    assertThat(histogram.exit()).isEqualTo(3);
    assertThat(histogram.err()).contains("only histograms match");
    assertThat(histogram.out()).isEmpty();
  }

  @Test
  void statisticsAreChosenByGlob() throws Exception {
    App.Result get = App.run("get", "--pid", pid(), "--stat", "halt_*_hist", "--stat", "exits");
    assertThat(get.out()).contains("halt_wait_hist").contains("  exits ");
    assertThat(get.out()).doesNotContain("halt_wait_ns").doesNotContain("io_exits");
    assertThat(App.run("get", "--pid", pid(), "--stat", "no_such").exit()).isEqualTo(3);
    App.Result wrong = App.run("get", "--stat", "[");
    assertThat(wrong.exit()).isEqualTo(2);
    assertThat(wrong.err()).contains("no glob").doesNotContain("\tat ");
  }

  @Test
  void watchCountsFromReadToRead() throws Exception {
    App.Result watch = App.run("watch", "--pid", pid(), "-i", "0.2", "-n", "2", "--format", "json");
    assertThat(watch.exit()).as(watch.err()).isZero();
    List<JsonNode> documents = Schemas.readLines("watch", watch.out());
    assertThat(documents).hasSize(2);
    JsonNode vcpu = documents.get(1).get("vms").get(0).get("objects").get(1);
    assertThat(vcpu.get("seconds").asDouble()).isBetween(0.1, 10.0);
    JsonNode stat = vcpu.get("stats").get(0);
    // The vCPU stands still: known, and 0.
    assertThat(stat.get("delta").asLong(-1)).isZero();
    assertThat(stat.get("per_second").asDouble(-1)).isZero();
    assertThat(stat.get("reset").asBoolean()).isFalse();
  }

  @Test
  void aVmmThatDiesEndsTheWatchAndHarmsNoOther() throws Exception {
    try (CVmm other = CVmm.start("-name", "other")) {
      Process watch =
          new ProcessBuilder(
                  App.command(
                      "watch", "--vm", "other", "--pid", pid(), "-i", "0.2", "--format", "csv"))
              .start();
      try {
        var rows = watch.inputReader();
        var messages = watch.errorReader();
        while (!rows.readLine().contains(",other,")) {
          assertThat(watch.isAlive()).isTrue();
        }
        other.kill();
        assertThat(messages.readLine()).contains("other (pid " + other.pid() + ") has ended");
        for (int i = 0; i < 20; i++) {
          // What was printed before its end may still be in the pipe; then only the other one's.
          assertThat(rows.readLine()).isNotNull();
        }
        assertThat(watch.isAlive()).isTrue();
      } finally {
        watch.destroy();
        watch.waitFor();
      }
      App.Result gone = App.run("get", "--pid", Long.toString(other.pid()));
      assertThat(gone.exit()).isEqualTo(3);
      assertThat(gone.err()).contains("process " + other.pid() + " holds no VM");
    }
  }

  /** At most the interval under way when it came is without it. */
  @Test
  void aVmThatAppearsIsThereWithinAnInterval() throws Exception {
    Process watch =
        new ProcessBuilder(
                App.command(
                    "watch", "--vm", "late", "--pid", pid(), "-i", "0.3", "--format", "json"))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (var documents = watch.inputReader()) {
      assertThat(documents.readLine()).doesNotContain("\"late\"");
      try (CVmm late = CVmm.start("-name", "late")) {
        Instant ready = Instant.now();
        int without = 0;
        while (true) {
          JsonNode document = Schemas.read("watch", documents.readLine() + "\n");
          boolean isThere =
              document.findValues("name").stream()
                  .anyMatch(name -> name.asString("").equals("late"));
          if (isThere) {
            break;
          }
          if (Instant.parse(document.get("time").asString()).isAfter(ready)) {
            without++;
          }
          assertThat(without).as("intervals without it").isLessThanOrEqualTo(1);
        }
        assertThat(late.pid()).isPositive();
      }
    } finally {
      watch.destroy();
      watch.waitFor();
    }
  }

  @Test
  void aVmIsSelectedByItsUuidInAnyCase() throws Exception {
    String uuid = "c7a5fdbd-edaf-9455-926a-d65c16db1809";
    try (CVmm other = CVmm.start("-name", "other", "-uuid", uuid)) {
      String get = App.run("get", "--vm", uuid.toUpperCase(Locale.ROOT), "--format", "json").out();
      JsonNode vms = Schemas.read("get", get).get("vms");
      assertThat(vms).hasSize(1);
      assertThat(vms.get(0).get("pid").asLong()).isEqualTo(other.pid());
      assertThat(vms.get(0).get("uuid").asString()).isEqualTo(uuid);
      assertThat(vms.get(0).get("uuid_origin").asString()).isEqualTo("-uuid");
      assertThat(vms.get(0).get("name_origin").asString()).isEqualTo("-name");
    }
  }

  @Test
  void qemuIsListedWithWhyItCannotBeRead() throws Exception {
    App.assumeCommand("qemu-system-x86_64");
    Process qemu =
        new ProcessBuilder(
                "qemu-system-x86_64",
                "-accel",
                "kvm",
                "-nodefaults",
                "-display",
                "none",
                "-S",
                "-smp",
                "2",
                "-name",
                "guest=qemu-it,debug-threads=on")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      String pid = Long.toString(qemu.pid());
      boolean found = App.eventually(() -> row(pid).filter(r -> r.contains(",2,")).isPresent());
      assertThat(found).isTrue();
      assertThat(row(pid).orElseThrow()).startsWith(pid + ",qemu-system-x86_64,qemu-it,2,");
      JsonNode vms = Schemas.read("list", App.run("list", "--format", "json").out()).get("vms");
      JsonNode vm =
          vms.valueStream()
              .filter(v -> v.get("pid").asLong() == qemu.pid())
              .findFirst()
              .orElseThrow();
      if (vm.get("source").isNull()) {
        assertThat(vm.get("why_not_better").asString()).contains("keeps no stats fd open");
        App.Result get = App.run("get", "--vm", "qemu-it");
        assertThat(get.exit()).isEqualTo(3);
        assertThat(get.out()).isEmpty();
        assertThat(get.err()).contains("qemu-it").contains("keeps no stats fd open");
      } else {
        assertThat(vm.get("source").asString()).isEqualTo("dup"); // QEMU 8.1 or later.
      }
    } finally {
      qemu.destroyForcibly().waitFor();
    }
  }

  private static java.util.Optional<String> row(String pid) throws Exception {
    return App.run("list", "--format", "csv")
        .out()
        .lines()
        .filter(l -> l.startsWith(pid + ","))
        .findFirst();
  }
}
