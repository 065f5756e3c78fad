package io.kvmstats.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.linux.JavaProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** SIGKILL to the supervisor, and to the program, after every step of the creation of a vCPU. */
class DeathTest {
  /**
   * More than the creation of a VM and of a vCPU take together; the program goes on with others.
   */
  private static final int STEPS = 34;

  private static final long SECONDS = 30;

  @TempDir private static Path folder;

  static IntStream steps() {
    return IntStream.rangeClosed(1, STEPS);
  }

  @BeforeAll
  static void compile() throws Exception {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "skipped: for x86-64 only");
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "skipped: no /dev/kvm that can be opened");
    assumeTrue(Files.readString(Path.of("/proc/cpuinfo")).contains(" avx "), "skipped: needs AVX");
    Process cc;
    try {
      cc =
          new ProcessBuilder("cc", "-O1", "-o", victim(), "../linux/src/test/c/victim.c")
              .inheritIO()
              .start();
    } catch (IOException e) {
      abort("skipped: no cc on this machine");
      return;
    }
    assertThat(cc.waitFor()).isZero();
  }

  private static String victim() {
    return folder.resolve("victim").toString();
  }

  private static Process start(String who, int steps) throws IOException {
    List<String> command =
        JavaProcess.command(
            ShakyLauncherMain.class, List.of(who, Integer.toString(steps), victim(), "create"));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static boolean hasSupervisor(Process program) throws IOException {
    String text = ShakySupervisorMain.class.getName() + " " + program.pid() + " ";
    List<String> lines = new ArrayList<>();
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      for (ProcessHandle process : all.toList()) {
        lines.add(commandLine(process.pid()));
      }
    }
    return lines.stream().anyMatch(line -> line.contains(text));
  }

  private static String commandLine(long pid) {
    try {
      Path file = Path.of("/proc/" + pid + "/cmdline");
      return Files.readString(file, StandardCharsets.ISO_8859_1).replace('\0', ' ');
    } catch (IOException e) {
      return ""; // Gone.
    }
  }

  private static void awaitEndOfSupervisor(Process program) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (hasSupervisor(program)) {
      assertThat(System.nanoTime()).as("the supervisor ends").isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  @ParameterizedTest
  @MethodSource("steps")
  void theProgramIsNeitherStoppedNorChangedWhenTheSupervisorDies(int step) throws Exception {
    Process program = start("supervisor", step);
    assertThat(program.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("ready");
    awaitEndOfSupervisor(program);
    program.getOutputStream().close(); // It looks at itself once more.
    assertThat(program.waitFor(SECONDS, TimeUnit.SECONDS)).as("it goes on").isTrue();
    assertThat(program.exitValue()).isZero();
  }

  @ParameterizedTest
  @MethodSource("steps")
  void theSupervisorEndsWhenTheProgramDies(int step) throws Exception {
    Process program = start("program", step);
    assertThat(program.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(program.exitValue()).isEqualTo(128 + 9);
    awaitEndOfSupervisor(program);
  }
}
