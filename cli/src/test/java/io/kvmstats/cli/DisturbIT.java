package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** {@code disturb}: a real guest is read in every way, and says what it noticed. */
class DisturbIT {

  private static Map<String, JsonNode> phases(JsonNode guest) {
    Map<String, JsonNode> phases = new HashMap<>();
    guest.get("phases").forEach(phase -> phases.put(phase.get("name").asString(), phase));
    return phases;
  }

  @Test
  void everyWayOfReadingIsMeasured() throws Exception {
    App.assumeKvm();
    App.Result disturb = App.run("disturb", "--seconds", "1", "--format", "json");
    assertThat(disturb.exit()).as(disturb.err()).isZero();
    JsonNode guest = Schemas.read("disturb", disturb.out()).get("guests").get(0);
    assertThat(guest.get("median_gap_ns").asLong()).isBetween(1L, 1_000_000L);
    Map<String, JsonNode> phases = phases(guest);
    assertThat(phases).containsKeys("not read", "other VM", "dup", "attach");
    phases.forEach((name, phase) -> {
      assertThat(phase.get("seconds").asDouble()).as(name).isBetween(1.0, 60.0);
      assertThat(phase.get("longest_ns").asLong())
          .as(name)
          .isGreaterThanOrEqualTo(phase.get("median_longest_ns").asLong())
          .isGreaterThan(0);
      long rarer = Long.MAX_VALUE;
      for (JsonNode pauses : phase.get("pauses")) {
        assertThat(pauses.get("count").asLong()).as(name).isBetween(0L, rarer);
        rarer = pauses.get("count").asLong();
      }
    });
    assertThat(phases.get("not read").get("times").asLong()).isZero();
    assertThat(phases.get("not read").get("compared").isEmpty()).isTrue();
    assertThat(phases.get("dup").get("times").asLong()).isBetween(100L, 1010L);
    assertThat(phases.get("attach").get("times").asLong()).isGreaterThanOrEqualTo(10);
    assertThat(phases.get("dup").get("compared").findValuesAsString("with"))
        .containsExactly("not read", "other VM");
    // To be attached to keeps a vCPU from running, and its guest sees that.
    assertThat(guest.get("first_attach_ns").asLong())
        .isGreaterThan(guest.get("median_gap_ns").asLong());
  }

  @Test
  void aQemuIsAskedToo() throws Exception {
    App.assumeKvm();
    App.assumeCommand("qemu-system-x86_64");
    App.Result disturb = App.run("disturb", "--seconds", "1", "--format", "json");
    assertThat(disturb.exit()).as(disturb.err()).isZero();
    JsonNode guest = Schemas.read("disturb", disturb.out()).get("guests").get(1);
    assertThat(guest.get("vmm").asString()).startsWith("QEMU ");
    assertThat(guest.get("first_attach_ns").isNull()).isTrue();
    Map<String, JsonNode> phases = phases(guest);
    assertThat(phases).containsOnlyKeys("not read", "other VM", "qmp");
    assertThat(phases.get("qmp").get("times").asLong()).isBetween(10L, 1010L);
    assertThat(App.processes("kvmstats-disturb")).isEmpty();
  }

  @Test
  void theTableEndsWithWhatFollows() throws Exception {
    App.assumeKvm();
    App.Result disturb = App.run("disturb", "--seconds", "0.2");
    assertThat(disturb.exit()).as(disturb.err()).isZero();
    assertThat(disturb.out())
        .containsPattern(
            "dup, compared with not read: (no difference|longer or more pauses) \\(p = ")
        .contains("\nattach, compared with not read: ", "first attach: ");
    App.Result csv = App.run("disturb", "--seconds", "0.2", "--format", "csv");
    List<String> lines = csv.out().lines().toList();
    assertThat(lines.getFirst()).startsWith("vmm,phase,seconds,times,longest_ns,");
    assertThat(lines.subList(1, lines.size()))
        .hasSizeGreaterThanOrEqualTo(4)
        .allMatch(line -> line.split(",", -1).length == lines.getFirst().split(",", -1).length);
  }

  @Test
  void withoutKvmItSaysSo() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "skipped: only root can hide /dev");
    App.assumeCommand("unshare");
    List<String> command = new ArrayList<>(List.of("unshare", "-m", "sh", "-c"));
    command.addAll(List.of("mount --bind /dev/null /dev/kvm && exec \"$@\"", "sh"));
    command.addAll(App.command("disturb"));
    App.Result disturb = App.run(command);
    assertThat(disturb.exit()).isEqualTo(1);
    assertThat(disturb.out()).isEmpty();
    assertThat(disturb.err()).contains("/dev/kvm", "ENOTTY").doesNotContain("\tat ");
  }
}
