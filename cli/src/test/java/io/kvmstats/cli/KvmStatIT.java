package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What scripts for kvm_stat find: {@code top -1} and {@code watch --format kvm_stat-csv}. */
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

  private static final String ROW = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(,0)+";

  /** As logrotate does it: the file gets another name, and then the signal comes. */
  @Test
  void aRotatedLogIsWholeAndSoIsTheNext(@TempDir Path folder) throws Exception {
    Path log = folder.resolve("kvm.csv");
    String header = "timestamp," + String.join(",", sums().keySet());
    Process watch = watch(log, "kvm_stat-csv");
    List<Path> files = new ArrayList<>();
    try {
      for (int i = 0; i < 5; i++) {
        assertThat(App.eventually(() -> Files.exists(log) && Files.size(log) > 3 * header.length()))
            .isTrue();
        files.add(Files.move(log, folder.resolve("kvm.csv." + i)));
        hangUp(watch);
      }
      assertThat(App.eventually(() -> Files.exists(log) && Files.size(log) > header.length()))
          .isTrue();
      files.add(log);
    } finally {
      watch.destroy();
      watch.waitFor();
    }
    for (Path file : files) {
      String text = Files.readString(file);
      assertThat(text).endsWith("\n");
      assertThat(text.lines()).first().isEqualTo(header);
      assertThat(text.lines().skip(1))
          .isNotEmpty()
          .allMatch(line -> line.matches(ROW))
          .allMatch(line -> line.split(",", -1).length == header.split(",", -1).length);
    }
  }

  /** What is not written anywhere would be a gap in the times. */
  @Test
  void noIntervalIsLostWhenTheLogIsRotated(@TempDir Path folder) throws Exception {
    Path log = folder.resolve("watch.json");
    Process watch = watch(log, "json", "-n", "60");
    int rotated = 0;
    while (!watch.waitFor(100, TimeUnit.MILLISECONDS)) {
      if (Files.exists(log) && Files.size(log) > 0) {
        Files.move(log, folder.resolve("watch.json." + rotated++));
        hangUp(watch);
      }
    }
    assertThat(watch.exitValue()).isZero();
    assertThat(rotated).isGreaterThan(2);
    int documents = 0;
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        documents += Schemas.readLines("watch", Files.readString(file)).size();
      }
    }
    assertThat(documents).isEqualTo(60);
  }

  private static Process watch(Path log, String format, String... more) throws Exception {
    List<String> command =
        App.command(
            "watch", "-p", pid(), "-i", "0.1", "--format", format, "--output", log.toString());
    command.addAll(List.of(more));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static void hangUp(Process process) throws Exception {
    new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start().waitFor();
  }

  @Test
  void aLogIsAppendedToAndATornLineIsOnItsOwn(@TempDir Path folder) throws Exception {
    Path log = folder.resolve("kvm.csv");
    append(log);
    String first = Files.readString(log);
    append(log);
    String both = Files.readString(log);
    assertThat(both).startsWith(first);
    assertThat(both.lines().filter(line -> line.startsWith("timestamp,"))).hasSize(1);
    assertThat(both.lines()).hasSize(3);
    Files.writeString(log, both.substring(0, both.length() - 2));
    append(log);
    assertThat(Files.readString(log).lines()).hasSize(4).last().asString().matches(ROW);
  }

  private static void append(Path log) throws Exception {
    assertThat(watch(log, "kvm_stat-csv", "-n", "1").waitFor()).isZero();
  }

  @Test
  void aLogThatCannotBeWrittenIsSaid(@TempDir Path folder) throws Exception {
    App.Result full =
        App.run("watch", "-p", pid(), "-i", "0.1", "--format", "csv", "--output", "/dev/full");
    assertThat(full.exit()).isEqualTo(1);
    assertThat(full.err()).contains("writing /dev/full: No space left on device");
    String none = folder.resolve("none/log").toString();
    App.Result noFolder = App.run("watch", "-p", pid(), "--output", none);
    assertThat(noFolder.exit()).isEqualTo(1);
    assertThat(noFolder.err()).contains(none + " (No such file or directory)");
  }
}
