package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** System calls in a process that compares all of its registers afterwards (victim.c). */
class TraceeTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int SIGTRAP = 5;

  /** An ioctl that every file knows: FIOCLEX. */
  private static final int FIOCLEX = 0x5451;

  private static final int FIONCLEX = 0x5450;

  @TempDir private static Path folder;

  @BeforeAll
  static void compile() throws Exception {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "skipped: for x86-64 only");
    assumeTrue(Files.readString(Path.of("/proc/cpuinfo")).contains(" avx "), "skipped: needs AVX");
    String program = folder.resolve("victim").toString();
    Command.run("cc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program, "src/test/c/victim.c");
  }

  /** What was begun last; null when it failed. */
  private @Nullable Injection begun;

  /** Our thread dies. */
  private static final class Death extends Error {
    private static final long serialVersionUID = 1L;
  }

  /** A shell that waits for a victim: Java waits for children of its own, and sees their stops. */
  private record Victim(Process shell, int pid) {
    static Victim start(String mode) throws IOException {
      String script = "exec 3<&0; \"$@\" <&3 3<&- & echo $!; exec 3<&-; wait $!";
      List<String> command =
          Stream.concat(
                  Stream.of("sh", "-c", script, "sh", folder.resolve("victim").toString()),
                  Stream.of(mode.split(" ")))
              .toList();
      Process shell =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      BufferedReader output = shell.inputReader(StandardCharsets.UTF_8);
      String first = String.valueOf(output.readLine());
      String second = String.valueOf(output.readLine());
      assertThat(List.of(first, second)).contains("ready");
      return new Victim(shell, Integer.parseInt(first.equals("ready") ? second : first));
    }

    /** Lets it compare for the last time. */
    void assertUnchanged() throws Exception {
      assertEnds(0);
    }

    void assertEnds(int status) throws Exception {
      shell.getOutputStream().close();
      assertThat(shell.waitFor(30, TimeUnit.SECONDS)).as("goes on").isTrue();
      assertThat(shell.exitValue()).as("what the victim ended with").isEqualTo(status);
    }
  }

  private static boolean isCloseOnExec(long pid, int fd) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/fdinfo/" + fd))) {
      if (line.startsWith("flags:")) {
        return (Integer.parseInt(line.substring("flags:".length()).strip(), 8) & Fd.O_CLOEXEC) != 0;
      }
    }
    throw new IOException("no flags");
  }

  /** Two calls, and back; {@code step} may end it anywhere, as our death would. */
  private void detour(int tid, Runnable step) throws IOException {
    Tracee tracee = Tracee.seize(tid, PATIENCE, step);
    tracee.interrupt();
    assertThat(tracee.await()).isEqualTo(Tracee.Stop.EVENT);
    assertThat(tracee.signal()).isEqualTo(SIGTRAP);
    Registers before = tracee.registers();
    begun = null;
    Injection injection = Injection.into(tracee);
    begun = injection;
    assertThat(injection.ioctl("FIOCLEX", 1, FIOCLEX)).isZero();
    assertThat(isCloseOnExec(tid, 1)).isTrue();
    assertThat(injection.ioctl("FIONCLEX", 1, FIONCLEX)).isZero();
    try {
      injection.ioctl("FIOCLEX", 99, FIOCLEX);
      throw new AssertionError("an ioctl on nothing");
    } catch (LinuxException e) {
      assertThat(e.errno()).isEqualTo(Errno.EBADF);
    }
    injection.close();
    assertThat(tracee.registers()).isEqualTo(before);
    tracee.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ppoll", "sleep", "read", "spin", "ppoll small", "read small", "spin small"})
  void aThreadGoesOnAsIfNothingHadBeen(String mode) throws Exception {
    Victim victim = Victim.start(mode);
    for (int i = 0; i < 20; i++) {
      detour(victim.pid(), () -> {});
    }
    assertThat(isCloseOnExec(victim.pid(), 1)).isFalse();
    victim.assertUnchanged();
  }

  /** The end of a tracing thread is to its tracee what the end of our process is. */
  @ParameterizedTest
  @ValueSource(strings = {"ppoll", "sleep", "read", "spin", "ppoll small", "spin small"})
  void aThreadFindsItsWayBackWhereverWeDie(String mode) throws Exception {
    boolean survived = false;
    int steps = 0;
    while (!survived) {
      Victim victim = Victim.start(mode);
      int last = ++steps;
      survived = !dies(victim.pid(), last);
      victim.assertUnchanged();
    }
    assertThat(steps).isGreaterThan(15);
  }

  /** {@return whether the thread died before it was done} */
  private boolean dies(int tid, int steps) throws InterruptedException {
    int[] left = {steps};
    Throwable[] end = new Throwable[1];
    Thread tracer =
        Thread.ofPlatform()
            .unstarted(() -> {
              try {
                detour(
                    tid,
                    () -> {
                      if (--left[0] == 0) {
                        throw new Death();
                      }
                    });
              } catch (Death | IOException | AssertionError e) {
                end[0] = e;
              }
            });
    tracer.start();
    tracer.join();
    if (begun != null) {
      begun.abandon(); // It would have gone with our process.
    }
    assertThat(end[0]).isIn(null, end[0] instanceof Death ? end[0] : null);
    return end[0] != null;
  }

  @Test
  void aSignalThatCannotWaitIsPassedOn() throws Exception {
    Victim victim = Victim.start("ppoll");
    int pid = victim.pid();
    Tracee tracee = Tracee.seize(pid, PATIENCE, () -> {});
    tracee.interrupt();
    assertThat(tracee.await()).isEqualTo(Tracee.Stop.EVENT);
    Injection injection = Injection.into(tracee);
    injection.ioctl("FIOCLEX", 1, FIOCLEX);
    Command.run("kill", "-USR2", Integer.toString(pid)); // Would end it; it is blocked now.
    Command.run("kill", "-STOP", Integer.toString(pid));
    injection.ioctl("FIONCLEX", 1, FIONCLEX);
    injection.close();
    tracee.close();
    Path status = Path.of("/proc/" + pid + "/status");
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.readString(status).contains("State:\tT")) {
      assertThat(System.nanoTime()).as("it stops when it is let go").isLessThan(end);
    }
    Command.run("kill", "-CONT", Integer.toString(pid));
    victim.assertEnds(128 + 12); // SIGUSR2, which came when it could.
  }

  @Test
  void oneThatIsTracedAlreadyIsNotOurs() throws Exception {
    Victim victim = Victim.start("ppoll");
    int pid = victim.pid();
    Tracee tracee = Tracee.seize(pid, PATIENCE, () -> {});
    assertThatThrownBy(() -> Tracee.seize(pid, PATIENCE, () -> {}))
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
    tracee.interrupt();
    tracee.await();
    tracee.close();
    victim.assertUnchanged();
    assertThatThrownBy(() -> Tracee.seize(pid, PATIENCE, () -> {}))
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ESRCH));
  }
}
