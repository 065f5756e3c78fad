package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** {@code simulate}: made-up VMs, found and read as others, and gone afterwards. */
class SimulateIT {
  /** Of this checkout: another one's may run beside this test. */
  private static final String VM =
      App.HOME
          + "/cli/target/app/lib\0-m\0io.kvmstats.publish/"
          + "io.kvmstats.publish.simulate.SimulatorMain\0-name\0simulated-";

  /** Starts it, and waits until its VMs run. */
  private static Process start(String... options) throws Exception {
    List<String> command = App.command("simulate");
    command.addAll(List.of(options));
    Process simulate = new ProcessBuilder(command).start();
    BufferedReader said = simulate.errorReader();
    String line = said.readLine();
    while (line != null && !line.contains("these VMs are simulated")) {
      line = said.readLine();
    }
    assertThat(line).contains("Ctrl-C ends them");
    return simulate;
  }

  @Test
  void everyCommandReadsThem() throws Exception {
    Process simulate = start("--vms", "2", "--vcpus", "4", "--seed", "7");
    try {
      List<Long> pids = App.processes(VM);
      assertThat(pids).hasSize(2);
      List<String> names = new ArrayList<>();
      for (JsonNode vm :
          Schemas.read("list", App.run("list", "--format", "json").out()).get("vms")) {
        if (pids.contains(vm.get("pid").asLong())) {
          assertThat(vm.get("published").asBoolean()).isTrue();
          assertThat(vm.get("vmm").asString()).isEqualTo("kvmstats-sim");
          names.add(vm.get("name").asString());
        }
      }
      assertThat(names).containsExactlyInAnyOrder("simulated-0", "simulated-1");
      App.Result get = App.run("get", "--vm", "simulated-0", "--stat", "halt_wait_hist");
      assertThat(get.out()).contains("vCPU 0, by dup, published", "halt_wait_hist");
      App.Result watch =
          App.run("watch", "--vm", "simulated-1", "-n", "1", "-i", "0.5", "--format", "json");
      JsonNode objects = Schemas.read("watch", watch.out()).get("vms").get(0).get("objects");
      assertThat(objects.get(1).findValue("per_second").asDouble()).isPositive();
      App.Result verify = App.run("verify", "--pid", Long.toString(pids.getFirst()));
      assertThat(verify.exit()).as(verify.out()).isZero();
      // Names that the catalog knows all of, as a real kernel's.
      App.Result schema = App.run("schema", "--vm", "simulated-0");
      assertThat(schema.exit()).isZero();
      assertThat(schema.err()).isEmpty();
    } finally {
      simulate.destroy();
      simulate.waitFor();
    }
    assertThat(App.eventually(() -> App.processes(VM).isEmpty())).isTrue();
  }

  @Test
  void aSeedIsAScript() throws Exception {
    String script = script("5");
    assertThat(script).contains("simulated-0: vCPU 0 idle").contains("vCPU 2 ");
    assertThat(script("5")).isEqualTo(script);
    assertThat(script("6")).isNotEqualTo(script);
  }

  private static String script(String seed) throws Exception {
    App.Result simulate =
        App.run("simulate", "--vms", "1", "--vcpus", "3", "--seed", seed, "--seconds", "0.1");
    assertThat(simulate.exit()).isZero();
    assertThat(simulate.out()).isEmpty();
    return simulate.err();
  }

  /** Also SIGKILL, after which nothing of ours can run. */
  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM", "KILL"})
  void whateverEndsItEndsTheVms(String signal) throws Exception {
    Process simulate = start("--vms", "1");
    assertThat(App.processes(VM)).hasSize(1);
    new ProcessBuilder("kill", "-" + signal, Long.toString(simulate.pid())).start().waitFor();
    simulate.waitFor();
    assertThat(App.eventually(() -> App.processes(VM).isEmpty())).isTrue();
  }
}
