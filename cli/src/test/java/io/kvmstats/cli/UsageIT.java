package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What is said, and with which exit code, when something is missing or wrong. */
class UsageIT {
  private static final String NOBODY = "65534";

  @Test
  void wrongUsageIsExit2AndSaysWhatIsRight() throws Exception {
    for (List<String> wrong :
        List.of(
            List.<String>of(),
            List.of("gte"),
            List.of("get", "--pid", "x"),
            List.of("watch", "-i", "0"),
            List.of("watch", "-n", "0"),
            List.of("stat"),
            List.of("verify"),
            List.of("verify", "--pid", "0"),
            List.of("verify", "--pid", "1", "--big-endian"),
            List.of("demo", "--vms", "0"),
            List.of("disturb", "--seconds", "0"),
            List.of("simulate", "--vcpus", "1025"),
            List.of("simulate", "--seed", "x"),
            List.of("top", "-i", "26"),
            List.of("get", "--format", "kvm_stat-csv"),
            List.of("get", "--format", "xml"))) {
      App.Result result = App.run(App.command(wrong.toArray(String[]::new)));
      assertThat(result.exit()).as(wrong.toString()).isEqualTo(2);
      String next =
          wrong.isEmpty()
              ? "Usage: kvmstats"
              : wrong.contains("gte")
                  ? "Did you mean: kvmstats"
                  : "'kvmstats " + wrong.getFirst() + " --help' says more";
      assertThat(result.err()).contains(next).doesNotContain("\tat ");
      assertThat(wrong.isEmpty() || result.err().lines().count() <= 5).as(result.err()).isTrue();
      assertThat(result.out()).isEmpty();
    }
  }

  /** Who may not read it, or mistyped its name, is no worse off with the help. */
  @Test
  void aConfigurationThatCantBeReadIsWrongUsageAndNoneForHelp() throws Exception {
    App.Result serve = App.run("serve", "--config.file", "/none");
    assertThat(serve.exit()).isEqualTo(2);
    assertThat(serve.err()).contains("there is no file /none");
    App.Result help = App.run("serve", "--config.file", "/none", "--help");
    assertThat(help.exit()).isZero();
    assertThat(help.out()).contains("Usage: kvmstats serve").doesNotContain("\\s");
  }

  @Test
  void helpNamesEveryCommandAndTheExitCodes() throws Exception {
    App.Result help = App.run("--help");
    assertThat(help.exit()).isZero();
    assertThat(help.out()).contains("list", "get", "watch", "demo", "nothing to read");
    assertThat(App.run("generate-completion").out()).contains("_picocli_kvmstats_watch");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--pid=1", "--vm=no such VM"})
  void aVmThatIsNotThereIsExit3(String option) throws Exception {
    App.Result get = App.run("get", option);
    assertThat(get.exit()).isEqualTo(3);
    assertThat(get.out()).isEmpty();
    assertThat(get.err()).contains("try kvmstats list");
  }

  /** The application where every user can read it, and a command that runs it as another user. */
  private static List<String> asNobody(Path folder, String... args) throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "skipped: only root can be another");
    App.assumeCommand("setpriv");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path lib = Files.createDirectory(folder.resolve("lib"));
    Files.setPosixFilePermissions(lib, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (Stream<Path> jars = Files.list(App.HOME.resolve("cli/target/app/lib"))) {
      for (Path jar : jars.toList()) {
        Path copy = Files.copy(jar, lib.resolve(jar.getFileName()));
        Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-r--r--"));
      }
    }
    List<String> command =
        new ArrayList<>(
            List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"));
    command.addAll(java(lib));
    command.addAll(List.of(args));
    return command;
  }

  private static List<String> java(Path lib) {
    return List.of(
        System.getProperty("java.home") + "/bin/java",
        "--enable-native-access=io.kvmstats.linux",
        "-p",
        lib.toString(),
        "-m",
        "io.kvmstats.cli/io.kvmstats.cli.Main");
  }

  @Test
  void aProcessThatIsNotOursIsSaidToBe(@TempDir Path folder) throws Exception {
    try (CVmm vmm = CVmm.start("-name", "private")) {
      List<String> list = asNobody(folder, "list");
      // Recognised by the thread that KVM starts in it: not there in older kernels.
      boolean recognisable = App.processes("private").stream().anyMatch(UsageIT::hasKvmThread);
      assumeTrue(recognisable, "skipped: this kernel starts no thread in a VM's process");
      App.Result result = App.run(list);
      assertThat(result.exit()).isZero();
      assertThat(result.out())
          .contains(Long.toString(vmm.pid()))
          .contains("another user's process")
          .contains("private");
      List<String> asJson = new ArrayList<>(list);
      asJson.addAll(List.of("--format", "json"));
      JsonNode document = Schemas.read("list", App.run(asJson).out());
      assertThat(document.get("hidden").findValuesAsString("pid"))
          .contains(Long.toString(vmm.pid()));
      Schemas.assertRefusesEveryChange("list", document);
      List<String> get = new ArrayList<>(list.subList(0, list.size() - 1));
      get.add("get");
      App.Result nothing = App.run(get);
      assertThat(nothing.exit()).isEqualTo(3);
      assertThat(nothing.err()).contains("another user's process").doesNotContain("no VM runs");
      get.addAll(List.of("--vm", "private"));
      App.Result named = App.run(get);
      assertThat(named.exit()).isEqualTo(3);
      assertThat(named.err()).contains("private (pid ").doesNotContain("no VM is named");
    }
  }

  private static boolean hasKvmThread(long pid) {
    try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
      for (Path task : tasks.toList()) {
        if (Files.readString(task.resolve("comm")).startsWith("kvm-nx-lpage-re")) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void withoutPermissionForKvmTheDemoSaysHowToGetItAndIsSimulated(@TempDir Path folder)
      throws Exception {
    App.assumeKvm();
    App.Result demo = App.run(asNobody(folder, "demo", "--seconds", "1"));
    assumeTrue(demo.err().contains("/dev/kvm"), "skipped: /dev/kvm is open to everyone here");
    assertThat(demo.err()).contains("EACCES", "usermod -aG kvm");
    assertSimulated(demo);
  }

  private static void assertSimulated(App.Result demo) {
    assertThat(demo.exit()).as(demo.err()).isZero();
    assertThat(demo.err())
        .contains("these VMs are simulated", "simulated-0: vCPU 0 idle")
        .doesNotContain("\tat ");
    // In every line, for whoever sees no more than one.
    assertThat(demo.out().lines().skip(1))
        .isNotEmpty()
        .allMatch(line -> line.contains(" simulated-") && line.endsWith("dup, published"));
  }

  @Test
  void withoutKvmTheDemoSaysSoAndIsSimulated() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "skipped: only root can hide /dev");
    App.assumeCommand("unshare");
    List<String> command = new ArrayList<>(List.of("unshare", "-m", "sh", "-c"));
    // The rest of /dev is not needed, but for what the shell script redirects to.
    command.add("mount -t tmpfs none /dev && : >/dev/null && exec \"$@\"");
    command.add("sh");
    command.addAll(java(App.HOME.resolve("cli/target/app/lib")));
    command.addAll(List.of("demo", "--seconds", "1"));
    App.Result demo = App.run(command);
    assertThat(demo.err()).contains("/dev/kvm", "ENOENT", "modprobe");
    assertSimulated(demo);
  }

  @Test
  void whatIsNoKvmIsNone() throws Exception {
    App.assumeKvm();
    assumeTrue("root".equals(System.getProperty("user.name")), "skipped: only root can hide /dev");
    App.assumeCommand("unshare");
    List<String> command = new ArrayList<>(List.of("unshare", "-m", "sh", "-c"));
    command.addAll(List.of("mount --bind /dev/null /dev/kvm && exec \"$@\"", "sh"));
    command.addAll(App.command("demo", "--seconds", "1"));
    App.Result demo = App.run(command);
    assertThat(demo.err()).contains("/dev/kvm", "ENOTTY");
    assertSimulated(demo);
  }
}
