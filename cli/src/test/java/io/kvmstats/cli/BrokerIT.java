package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code kvmstats broker}, as a process, and the commands that read from it. */
class BrokerIT {
  private static final String NAME = "demo-0";

  @TempDir private static Path folder;

  private static Path socket;
  private static Process broker;
  private static Process demo;

  @BeforeAll
  static void start() throws Exception {
    App.assumeKvm();
    App.run("--version"); // The first start after a build has something to say.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    socket = folder.resolve("broker.sock");
    demo = start("demo", "--vms", "1", "--seconds", "600", "--format", "csv");
    broker = start("broker", "--listen", socket.toString(), "--mode", "666");
    assertThat(App.eventually(() -> Files.exists(socket) && list().contains("," + NAME + ",2,dup")))
        .isTrue();
  }

  private static Process start(String... args) throws Exception {
    return new ProcessBuilder(App.command(args))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static String list() throws Exception {
    return App.run("list", "--broker", socket.toString(), "--format", "csv").out();
  }

  @AfterAll
  static void end() {
    for (Process process : new Process[] {broker, demo}) {
      if (process != null) {
        process.destroy();
        process.onExit().join();
      }
    }
  }

  @Test
  void getIsTheSameDocumentWithWhatWasRead() throws Exception {
    // A broker's sample may be from before the guest ran.
    assertThat(
            App.eventually(
                () -> exits(get("get", "--broker", socket.toString()).get("objects").get(1)) > 0))
        .isTrue();
    JsonNode theirs = get("get", "--broker", socket.toString());
    JsonNode ours = get("get", "--broker", "none");
    assertThat(theirs.get("pid")).isEqualTo(ours.get("pid"));
    assertThat(theirs.get("source").asString()).isEqualTo("dup");
    assertThat(theirs.get("objects")).hasSize(3);
    for (int i = 0; i < 3; i++) {
      JsonNode read = theirs.get("objects").get(i);
      JsonNode later = ours.get("objects").get(i);
      assertThat(read.get("id")).isEqualTo(later.get("id"));
      assertThat(exits(read)).isLessThanOrEqualTo(exits(later));
    }
    assertThat(exits(theirs.get("objects").get(1))).isPositive();
  }

  private static JsonNode get(String... args) throws Exception {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--vm", NAME, "--format", "json"));
    App.Result get = App.run(all.toArray(String[]::new));
    assertThat(get.exit()).as(get.err()).isZero();
    return Schemas.read("get", get.out()).get("vms").get(0);
  }

  private static long exits(JsonNode object) {
    for (JsonNode stat : object.get("stats")) {
      if (stat.get("name").asString().equals("exits")) {
        return stat.get("value").asLong();
      }
    }
    return 0;
  }

  /** The interval is ours, and no two rows are of one time. */
  @Test
  void watchHasRatesAtItsOwnInterval() throws Exception {
    App.Result watch =
        App.run(
            "watch",
            "--broker",
            socket.toString(),
            "--vm",
            NAME,
            "-i",
            "0.3",
            "-n",
            "4",
            "--format",
            "csv");
    assertThat(watch.exit()).as(watch.err()).isZero();
    List<String> rows =
        watch.out().lines().filter(line -> line.contains("," + NAME + ",,")).toList();
    assertThat(rows).hasSize(4).allMatch(row -> row.matches(".*,dup,[1-9][0-9.E]+,.*"));
  }

  @Test
  void statMeetsTheCommandsStartAndEnd() throws Exception {
    App.Result stat =
        App.run(
            "stat",
            "--broker",
            socket.toString(),
            "--vm",
            NAME,
            "--format",
            "json",
            "--",
            "sleep",
            "0.5");
    assertThat(stat.exit()).isZero();
    JsonNode vcpu = Schemas.read("stat", stat.err()).get("vms").get(0).get("objects").get(1);
    assertThat(vcpu.get("seconds").asDouble()).isBetween(0.4, 2.0);
  }

  @Test
  void nobodyElseNeedsToBeRoot() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root can become another user");
    App.assumeCommand("setpriv");
    List<String> command = new ArrayList<>(List.of("setpriv", "--reuid=65534", "--clear-groups"));
    command.addAll(App.command("get", "--broker", socket.toString(), "--vm", NAME));
    assumeTrue(
        App.run(
                    List.of(
                        "setpriv",
                        "--reuid=65534",
                        "--clear-groups",
                        "test",
                        "-r",
                        App.HOME.resolve("kvmstats").toString()))
                .exit()
            == 0,
        "another user can't read this checkout");
    App.Result get = App.run(command);
    assertThat(get.exit()).as(get.err()).isZero();
    assertThat(get.out()).contains(NAME).contains("  exits");
  }

  @Test
  void whatIsWrongIsSaid() throws Exception {
    App.Result none = App.run("get", "--broker", folder.resolve("none").toString());
    assertThat(none.exit()).isEqualTo(1);
    assertThat(none.err())
        .contains("connect on socket")
        .contains("ENOENT")
        .contains("--broker none");
    App.Result both = App.run("get", "--attach", "--broker", socket.toString());
    assertThat(both.exit()).isEqualTo(2);
    assertThat(both.err()).contains("a broker decides itself how it reads");
    App.Result second = App.run("broker", "--listen", socket.toString());
    assertThat(second.exit()).isEqualTo(1);
    assertThat(second.err()).contains("another broker listens at " + socket);
    App.Result mode = App.run("broker", "--mode", "999");
    assertThat(mode.exit()).isEqualTo(2);
    assertThat(mode.err()).contains("'999' is no mode");
  }

  /** And goes on itself, as do those who may connect. */
  @Test
  void aHangupGivesItsReadersAnotherTable() throws Exception {
    Path other = folder.resolve("hangup.sock");
    Path said = folder.resolve("said");
    Process hung =
        new ProcessBuilder(App.command("broker", "--listen", other.toString(), "-i", "0.2"))
            .redirectError(said.toFile())
            .start();
    try {
      assertThat(
              App.eventually(() ->
                  Files.exists(other)
                      && App.run("list", "--broker", other.toString(), "--format", "csv")
                          .out()
                          .contains("," + NAME + ",2,dup")))
          .isTrue();
      Process watch =
          new ProcessBuilder(
                  App.command(
                      "watch",
                      "--broker",
                      other.toString(),
                      "--vm",
                      NAME,
                      "-i",
                      "0.3",
                      "-n",
                      "8",
                      "--format",
                      "csv"))
              .redirectErrorStream(true)
              .start();
      List<String> lines = new ArrayList<>();
      while (lines.stream().noneMatch(line -> line.contains("," + NAME + ",,"))) {
        lines.add(watch.inputReader().readLine());
      }
      assertThat(new ProcessBuilder("kill", "-HUP", "" + hung.pid()).start().waitFor()).isZero();
      assertThat(App.eventually(() -> Files.readString(said).contains("were cut off"))).isTrue();
      lines.addAll(watch.inputReader().lines().toList());
      assertThat(watch.waitFor()).as(String.join("\n", lines)).isZero();
      assertThat(lines.stream().filter(line -> line.contains("," + NAME + ",,")))
          .hasSize(8)
          .allMatch(row -> row.matches(".*,dup,[1-9][0-9.E]+,.*"));
      assertThat(hung.isAlive()).isTrue();
    } finally {
      hung.destroy();
      hung.waitFor();
    }
  }

  @Test
  void whenItIsEndedItsReadersSayAndItsSocketGoes() throws Exception {
    Path other = folder.resolve("other.sock");
    Process ending = start("broker", "--listen", other.toString(), "-i", "0.1");
    assertThat(App.eventually(() -> Files.exists(other))).isTrue();
    Process watch =
        new ProcessBuilder(App.command("watch", "--broker", other.toString(), "--vm", NAME))
            .redirectErrorStream(true)
            .start();
    assertThat(App.eventually(() -> watch.inputReader().ready())).isTrue();
    ending.destroy();
    assertThat(ending.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(other).doesNotExist();
    assertThat(watch.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(watch.inputReader().lines().toList())
        .last()
        .asString()
        .contains("the broker has ended");
    assertThat(watch.exitValue()).isEqualTo(1);
  }
}
