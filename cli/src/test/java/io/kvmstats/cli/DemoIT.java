package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** {@code demo}: real guests, found and read, and gone afterwards. */
class DemoIT {
  /** Of this checkout: another one's demo may run beside this test. */
  private static final String GUEST =
      App.HOME + "/cli/target/app/lib\0-m\0io.kvmstats.guest/io.kvmstats.guest.GuestMain";

  @BeforeEach
  void assumeKvm() {
    App.assumeKvm();
  }

  @Test
  void theGuestsLivesShow() throws Exception {
    App.Result demo = App.run("demo", "--seconds", "2", "--format", "json");
    assertThat(demo.exit()).as(demo.err()).isZero();
    List<JsonNode> documents = Schemas.readLines("watch", demo.out());
    assertThat(documents).hasSize(2);
    JsonNode vms = documents.get(1).get("vms");
    assertThat(vms.size()).isEqualTo(2);
    Set<String> names = new HashSet<>();
    for (JsonNode vm : vms) {
      names.add(vm.get("name").asString());
      assertThat(vm.get("vmm").asString()).isEqualTo("kvmstats-guest");
      assertThat(vm.get("source").asString()).isEqualTo("dup");
      assertThat(vm.get("objects").size()).isEqualTo(3);
    }
    assertThat(names).containsExactlyInAnyOrder("demo-0", "demo-1");
    JsonNode computes = vcpu(vms, "demo-0", 0);
    assertThat(rate(computes, "halt_exits")).isZero();
    assertThat(rate(computes, "schedstat.wait_ns")).isBetween(0.0, 1.1);
    JsonNode writes = vcpu(vms, "demo-0", 1);
    assertThat(rate(writes, "exits")).isGreaterThan(500);
    JsonNode sleeps = vcpu(vms, "demo-1", 1);
    assertThat(rate(sleeps, "halt_exits")).isGreaterThan(100);
    assertThat(rate(sleeps, "halt_wait_ns")).isBetween(0.05, 1.5);
    assertThat(App.processes(GUEST)).isEmpty();
  }

  @Test
  void theLastIntervalIsAsLongAsThereIsTime() throws Exception {
    App.Result demo =
        App.run("demo", "--vms", "1", "--seconds", "1", "-i", "30", "--format", "json");
    List<JsonNode> documents = Schemas.readLines("watch", demo.out());
    assertThat(documents).hasSize(1);
    assertThat(documents.getFirst().findValue("seconds").asDouble()).isBetween(0.5, 15.0);
  }

  private static JsonNode vcpu(JsonNode vms, String name, int vcpu) {
    for (JsonNode vm : vms) {
      if (vm.get("name").asString().equals(name)) {
        for (JsonNode object : vm.get("objects")) {
          if (object.get("vcpu").asInt(-1) == vcpu) {
            return object;
          }
        }
      }
    }
    throw new AssertionError("no vCPU " + vcpu + " of " + name + " in " + vms);
  }

  private static double rate(JsonNode object, String stat) {
    for (JsonNode element : object.get("stats")) {
      if (element.get("name").asString().equals(stat)) {
        return element.get("per_second").asDouble();
      }
    }
    throw new AssertionError("no " + stat + " in " + object);
  }

  /** Also SIGKILL, after which nothing of ours can run, and the end of a terminal. */
  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM", "HUP", "KILL"})
  void whateverEndsItEndsTheGuests(String signal) throws Exception {
    Process demo = new ProcessBuilder(App.command("demo", "-i", "0.2", "--format", "csv")).start();
    BufferedReader rows = demo.inputReader();
    rows.readLine();
    assertThat(rows.readLine()).contains(",demo-0,");
    assertThat(App.processes(GUEST)).hasSize(2);
    new ProcessBuilder("kill", "-" + signal, Long.toString(demo.pid())).start().waitFor();
    demo.waitFor();
    assertThat(App.eventually(() -> App.processes(GUEST).isEmpty())).isTrue();
  }

  @Test
  void aReaderThatLeavesEndsItQuietly() throws Exception {
    App.Result head =
        App.run(List.of("sh", "-c", App.HOME.resolve("kvmstats") + " demo -i 0.1 | head -n 1"));
    assertThat(head.exit()).isZero();
    assertThat(head.out()).startsWith("TIME ");
    assertThat(head.err()).doesNotContain("\tat ").doesNotContain("Broken pipe");
    assertThat(App.eventually(() -> App.processes(GUEST).isEmpty())).isTrue();
  }

  @Test
  void aFullDiskIsSaid() throws Exception {
    App.Result full =
        App.run(List.of("sh", "-c", App.HOME.resolve("kvmstats") + " demo -i 0.1 >/dev/full"));
    assertThat(full.exit()).isEqualTo(1);
    assertThat(full.err()).contains("writing the output: No space left on device");
  }
}
