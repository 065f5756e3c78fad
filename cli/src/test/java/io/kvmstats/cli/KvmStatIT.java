package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What scripts for kvm_stat find: {@code top -1}. */
class KvmStatIT {
  private static CVmm vmm;

  @BeforeAll
  static void start() throws Exception {
    vmm = CVmm.start("-name", "kvm-stat-it");
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

  /** Its vCPUs stand still: what get reads before is what top reads after. */
  private static Map<String, BigInteger> sums() throws Exception {
    App.Result get = App.run("get", "--pid", pid(), "--format", "json");
    assertThat(get.exit()).as(get.err()).isZero();
    Map<String, BigInteger> sums = new TreeMap<>();
    for (JsonNode object : Schemas.read("get", get.out()).get("vms").get(0).get("objects")) {
      for (JsonNode stat : object.get("stats")) {
        JsonNode value = stat.get("value");
        if (!value.isArray() && !stat.get("name").asString().startsWith("schedstat.")) {
          sums.merge(
              stat.get("name").asString(), new BigInteger(value.asString()), BigInteger::add);
        }
      }
    }
    assertThat(sums.get("exits")).isGreaterThanOrEqualTo(BigInteger.valueOf(300));
    return sums;
  }

  @Test
  void topInABatchIsWhatGetReadsSummedUp() throws Exception {
    Map<String, BigInteger> sums = sums();
    StringBuilder expected = new StringBuilder();
    sums.forEach((name, sum) -> expected.append(String.format("%-42s%10d%10d\n", name, sum, 0)));
    for (String option : List.of("-1", "--once", "--batch")) {
      App.Result top = App.run("top", option, "--pid", pid(), "-i", "0.1");
      assertThat(top.exit()).as(top.err()).isZero();
      assertThat(top.out()).isEqualTo(expected.toString());
      assertThat(top.err()).isEmpty();
    }
    // No terminal, so no screen.
    assertThat(App.run("top", "--pid", pid(), "-i", "0.1").out()).isEqualTo(expected.toString());
  }

  @Test
  void topHasWhatWasAskedFor() throws Exception {
    App.Result exits = App.run("top", "-1", "--vm", "kvm-stat-it", "--stat", "exits", "-i", "0.1");
    assertThat(exits.out()).matches("exits {38,45}\\d+         0\n");
    App.Result none = App.run("top", "-1", "--pid", pid(), "--stat", "*_hist");
    assertThat(none.exit()).isEqualTo(3);
    assertThat(none.err()).contains("one number");
    assertThat(none.out()).isEmpty();
    App.Result nobody = App.run("top", "-1", "--pid", "1");
    assertThat(nobody.exit()).isEqualTo(3);
    assertThat(nobody.err()).contains("try kvmstats list");
  }
}
