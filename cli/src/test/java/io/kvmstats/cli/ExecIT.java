package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs under {@code exec}, on the real kernel. */
class ExecIT {
  private static final String SUPERVISOR = "io.kvmstats.exec.SupervisorMain";

  @TempDir private static Path folder;

  @BeforeAll
  static void compile() throws Exception {
    App.assumeKvm();
    App.assumeCommand("cc");
    App.run("--version"); // The first start after a build has something to say.
    cc("exec-client", "-pthread");
  }

  private static String cc(String source, String... options) throws Exception {
    String program = folder.resolve(source + String.join("", options)).toString();
    List<String> command = new ArrayList<>(List.of("cc", "-O1", "-Wall", "-Wextra", "-Werror"));
    command.addAll(List.of(options));
    command.addAll(List.of("-I" + App.HOME.resolve("include"), "-o", program));
    command.add(App.HOME.resolve("cli/src/test/c/" + source + ".c").toString());
    App.Result result = App.run(command);
    assertThat(result.exit()).as(result.err()).isZero();
    return program;
  }

  private static String client() {
    return folder.resolve("exec-client-pthread").toString();
  }

  private static void assertHolds(String... program) throws Exception {
    List<String> command = App.command("exec", "--");
    command.addAll(List.of(program));
    App.Result result = App.run(command);
    assertThat(result.err()).isEmpty();
    assertThat(result.exit()).isZero();
  }

  @Test
  void theCapabilityIsOneOnTheDeviceAndOnVms() throws Exception {
    assertHolds(client(), "capability");
  }

  @Test
  void namesAndValuesAreThoseOfTheStatsFds() throws Exception {
    assertHolds(client(), "values");
  }

  @Test
  void badMemoryIsAnsweredAsTheKernelWould() throws Exception {
    assertHolds(client(), "memory");
  }

  @Test
  void onlyTheRequestsThemselvesAreAnswered() throws Exception {
    assertHolds(client(), "requests");
  }

  @Test
  void anObjectIsWhatIsBehindADescriptor() throws Exception {
    assertHolds(client(), "descriptors");
  }

  @Test
  void whoeverHasTheVmsMemoryIsAnswered() throws Exception {
    assertHolds(client(), "processes");
  }

  @Test
  void manyThreadsPollWhileVcpusRun() throws Exception {
    assertHolds(client(), "threads");
  }

  @Test
  void signalsInterruptNothing() throws Exception {
    assertHolds(client(), "signals");
  }

  @Test
  void aProgramUnderAFilterOfItsOwnIsServed() throws Exception {
    assertHolds(client(), "filtered");
  }

  @Test
  void aSmallStackIsNotWrittenOn() throws Exception {
    assertHolds(client(), "small");
  }

  @Test
  void aProgramGoesOnWithoutItsFirstThread() throws Exception {
    assertHolds(client(), "orphan");
  }

  /** We may have as many descriptors as the program. */
  @Test
  void whatWeHaveNoDescriptorsForLacksOnlyTheBinaryForm() throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 80; \"$@\"", "sh"));
    command.addAll(App.command("exec", "--", client(), "many"));
    assertThat(App.run(command).exit()).isZero();
  }

  /** As when it drops its privileges. Root may look at everything, unless it gives that up. */
  @Test
  void whatWeMayNotLookAtLacksOnlyTheBinaryForm() throws Exception {
    App.assumeCommand("setpriv");
    List<String> command =
        new ArrayList<>(List.of("setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-all"));
    assumeTrue(
        App.run(Stream.concat(command.stream(), Stream.of("true")).toList()).exit() == 0,
        "skipped: needs CAP_SETPCAP, to give CAP_SYS_PTRACE up");
    command.addAll(App.command("exec", "--", client(), "secret"));
    App.Result result = App.run(command);
    assertThat(result.err()).isEmpty(); // Its standard error is out of reach, too.
    assertThat(result.exit()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"values", "small"})
  void aStaticProgramIsServed(String scenario) throws Exception {
    assertHolds(cc("exec-client", "-static", "-pthread"), scenario);
  }

  @Test
  void aProgramWithoutALibraryIsServed() throws Exception {
    assertHolds(cc("exec-bare", "-static", "-nostdlib", "-fno-stack-protector"));
  }

  /** The other one of the client's two paths, and the JVM is a hard program to trace. */
  @Test
  void theJavaClientSeesAKernelThatHasTheIoctls() throws Exception {
    String[] client = {
      Path.of(System.getProperty("java.home"), "bin", "java").toString(),
      "-Xmx64m",
      "--enable-native-access=ALL-UNNAMED",
      "-cp",
      System.getProperty("java.class.path"),
      BinaryFormClientMain.class.getName()
    };
    App.Result without = App.run(List.of(client));
    assertThat(without.err()).isEmpty();
    assertThat(without.out().lines()).hasSize(20).containsOnly("StatsFdVm");
    List<String> command = App.command("exec", "--");
    command.addAll(List.of(client));
    App.Result result = App.run(command);
    assertThat(result.err()).isEmpty();
    assertThat(result.exit()).isZero();
    assertThat(result.out().lines()).hasSize(20).containsOnly("IoctlForm");
  }

  /** What we hold would keep a VM alive in the kernel. */
  @Test
  void nothingIsHeldOfWhatTheProgramClosed() throws Exception {
    List<Long> before = App.processes(SUPERVISOR);
    Process program =
        new ProcessBuilder(App.command("exec", "--", client(), "lifetime"))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said = program.inputReader(StandardCharsets.UTF_8)) {
      assertThat(said.readLine()).isEqualTo("has both");
      List<Long> supervisors = App.processes(SUPERVISOR);
      supervisors.removeAll(before);
      assertThat(supervisors).hasSize(1);
      long supervisor = supervisors.getFirst();
      assertThat(held(supervisor))
          .containsExactlyInAnyOrder("kvm-vm", "kvm-vm-stats", "kvm-vcpu:0", "kvm-vcpu-stats:0");
      // It holds them, and they are not its own.
      assertThat(App.run("list", "--format", "csv").out())
          .contains("\n" + program.pid() + ",")
          .doesNotContain("\n" + supervisor + ",");
      goOn(program);
      assertThat(said.readLine()).isEqualTo("has a vCPU");
      TimeUnit.SECONDS.sleep(2);
      assertThat(held(supervisor)).hasSize(4);
      goOn(program);
      assertThat(said.readLine()).isEqualTo("has none");
      assertThat(App.eventually(() -> held(supervisor).isEmpty())).isTrue();
      goOn(program);
      assertThat(program.waitFor()).isZero();
      assertThat(App.eventually(() -> !App.processes(SUPERVISOR).contains(supervisor))).isTrue();
    }
  }

  private static void goOn(Process program) throws IOException {
    program.getOutputStream().write('\n');
    program.getOutputStream().flush();
  }

  private static List<String> held(long pid) throws IOException {
    List<String> held = new ArrayList<>();
    try (DirectoryStream<Path> fds = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
      for (Path fd : fds) {
        String link = Files.readSymbolicLink(fd).toString();
        if (link.startsWith("anon_inode:kvm-")) {
          held.add(link.substring("anon_inode:".length()));
        }
      }
    }
    return held;
  }

  /** As a shell script sees its surroundings, with and without us. */
  @Test
  void theProgramFindsEverythingAsWeFoundIt() throws Exception {
    String script =
        """
        ulimit -a
        umask
        grep -E '^(Sig(Blk|Ign)|NoNewPrivs|Cap|Groups|Cpus_allowed)' /proc/self/status
        env | grep -av '^_=' | sort
        printf '%s' "$ODD" | od -An -tx1
        pwd
        printf '%s|' "$@" | od -An -c
        # The one that lists them comes and goes.
        # Nor are two runs' pipes and files of the same name.
        ls -l /proc/self/fd | sed -n 's/.* \\([0-9]* -> .*\\)/\\1/p' | grep -v '/proc/' |
          sed 's/pipe:.*/pipe/; s/kvmstats-test.*/file/'
        ps -o args= --ppid $$ | grep -vE '^(ps|grep) '
        find /tmp/hsperfdata_* -name $$
        """;
    // Signals that are ignored, and blocked; bytes that are no characters; a descriptor; a limit.
    String surroundings =
        """
        trap '' PIPE USR2 HUP
        ulimit -Sn 512
        exec 7</etc/passwd
        export ODD="$(printf 'a\\377b')"
        exec "$@"
        """;
    Path file = Files.writeString(folder.resolve("file"), "other arguments");
    List<String> plain =
        List.of("sh", "-c", script, "sh", "a b", "", "c\nd", "@" + file, "--", "-h");
    List<String> under = new ArrayList<>(App.command("exec", "--"));
    under.addAll(plain);
    App.Result expected = surrounded(surroundings, plain);
    App.Result result = surrounded(surroundings, under);
    assertThat(expected.out()).contains("SigIgn", "7 -> /etc/passwd", "61 ff 62");
    assertThat(result.err()).isEqualTo(expected.err());
    assertThat(result.out()).isEqualTo(expected.out());
  }

  private static App.Result surrounded(String script, List<String> command) throws Exception {
    List<String> all = new ArrayList<>(List.of("sh", "-c", script, "sh"));
    all.addAll(command);
    return App.run(all);
  }

  @Test
  void itsEndIsItsOwn() throws Exception {
    assertThat(App.run("exec", "--", "sh", "-c", "exit 7").exit()).isEqualTo(7);
    assertThat(App.run("exec", "--", "sh", "-c", "kill -TERM $$").exit()).isEqualTo(128 + 15);
    App.Result missing = App.run("exec", "--", "/no/such/program");
    assertThat(missing.exit()).isEqualTo(127);
    assertThat(missing.err()).contains("/no/such/program", "ENOENT").hasLineCount(1);
    assertThat(App.run("exec", "--", "/etc/passwd").exit()).isEqualTo(126);
    assertThat(App.run("exec").exit()).isEqualTo(2);
    App.Result nested = App.run("exec", "--", App.command().getFirst(), "exec", "--", "true");
    assertThat(nested.exit()).isEqualTo(1);
    assertThat(nested.err()).contains("EBUSY", "another exec").hasLineCount(1);
  }

  /** Signals reach it by the pid that was started, and it stops and goes on by them. */
  @Test
  void itIsTheProcessThatWasStarted() throws Exception {
    Process program =
        new ProcessBuilder(
                App.command("exec", "--", "sh", "-c", "trap 'exit 3' TERM; echo on; cat; wait"))
            .start();
    assertThat(program.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("on");
    Path status = Path.of("/proc/" + program.pid() + "/status");
    assertThat(Files.readString(status)).startsWith("Name:\tsh\n");
    kill("-STOP", program);
    assertThat(App.eventually(() -> Files.readString(status).contains("State:\tT"))).isTrue();
    kill("-CONT", program);
    assertThat(App.eventually(() -> Files.readString(status).contains("State:\tS"))).isTrue();
    kill("-TERM", program);
    program.getOutputStream().close();
    assertThat(program.waitFor()).isEqualTo(3);
  }

  private static void kill(String signal, Process process) throws Exception {
    assertThat(App.run(List.of("kill", signal, Long.toString(process.pid()))).exit()).isZero();
  }

  /** Calls that come when nobody answers any more fail, and nothing hangs. */
  @Test
  void aProgramOutlivesItsSupervisor() throws Exception {
    List<Long> before = App.processes(SUPERVISOR);
    Process program = new ProcessBuilder(App.command("exec", "--", client(), "lifetime")).start();
    try (BufferedReader said = program.inputReader(StandardCharsets.UTF_8)) {
      assertThat(said.readLine()).isEqualTo("has both");
      List<Long> supervisors = App.processes(SUPERVISOR);
      supervisors.removeAll(before);
      App.run(List.of("kill", "-KILL", Long.toString(supervisors.getFirst())));
      assertThat(App.eventually(() -> !App.processes(SUPERVISOR).contains(supervisors.getFirst())))
          .isTrue();
      goOn(program);
      assertThat(said.readLine()).isEqualTo("has a vCPU");
      goOn(program);
      assertThat(said.readLine()).as("its next call, which failed").isNull();
    }
    assertThat(program.waitFor()).isEqualTo(1);
    assertThat(program.errorReader(StandardCharsets.UTF_8).readLine())
        .contains("errno 38"); // ENOSYS
  }

  /** A program that was not made for the test: the example that the documentation shows. */
  @Test
  void theExampleWorks() throws Exception {
    String program = folder.resolve("example").toString();
    App.Result built =
        App.run(
            List.of(
                "cc",
                "-I" + App.HOME.resolve("include"),
                "-o",
                program,
                App.HOME.resolve("examples/binary-form.c").toString()));
    assertThat(built.exit()).as(built.err()).isZero();
    App.Result result = App.run("exec", "--", program);
    assertThat(result.err()).isEmpty();
    assertThat(result.exit()).isZero();
    assertThat(result.out()).contains("exits");
  }
}
