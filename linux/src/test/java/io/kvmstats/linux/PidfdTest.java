package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Processes held by their pidfd, and descriptors duplicated out of them. */
class PidfdTest {
  /** PID_MAX_LIMIT: pids are below. */
  private static final int NO_PID = 4_194_304;

  @Test
  void aliveUntilItEnds() throws Exception {
    Process child = new ProcessBuilder("cat").start();
    try (Pidfd pidfd = Pidfd.open((int) child.pid())) {
      assertThat(pidfd.pid()).isEqualTo(child.pid());
      assertThat(pidfd.isAlive()).isTrue();
      child.destroyForcibly().waitFor();
      assertThat(pidfd.isAlive()).isFalse();
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> pidfd.getfd(0))
          .withMessage(
              "pidfd_getfd on fd 0 of process " + child.pid() + ": ESRCH (No such process)");
    } finally {
      child.destroyForcibly();
    }
  }

  @Test
  void duplicatesADescriptor() throws Exception {
    Process child = new ProcessBuilder("cat").start();
    try (Pidfd pidfd = Pidfd.open((int) child.pid());
        Fd stdin = pidfd.getfd(0)) {
      Path theirs = Path.of("/proc/" + child.pid() + "/fd/0");
      assertThat(stdin.link())
          .startsWith("pipe:[")
          .isEqualTo(Files.readSymbolicLink(theirs).toString());
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> pidfd.getfd(999))
          .withMessage(
              "pidfd_getfd on fd 999 of process " + child.pid() + ": EBADF (Bad file descriptor)");
    } finally {
      child.destroyForcibly();
    }
  }

  @Test
  void saysThatThereIsNoProcess() {
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> Pidfd.open(NO_PID))
        .withMessage("pidfd_open on process " + NO_PID + ": ESRCH (No such process)")
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ESRCH));
  }

  @Test
  void refusesAThread() throws IOException {
    long pid = ProcessHandle.current().pid();
    List<Path> threads;
    try (var tasks = Files.list(Path.of("/proc/self/task"))) {
      threads = tasks.filter(task -> !task.endsWith(Long.toString(pid))).toList();
    }
    int thread = Integer.parseInt(threads.getFirst().getFileName().toString());
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> Pidfd.open(thread))
        .satisfies(e -> assertThat(e.errno()).isIn(Errno.EINVAL, Errno.ENOENT));
  }

  @Test
  void leavesNothingOpen() throws Exception {
    int self = (int) ProcessHandle.current().pid();
    List<String> before = Held.now();
    try (Fd file = Fd.open("/dev/null", Fd.O_RDONLY)) {
      for (int i = 0; i < 100; i++) {
        Pidfd pidfd = Pidfd.open(self);
        pidfd.getfd(file.number()).close();
        assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> pidfd.getfd(-1));
        assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> Pidfd.open(NO_PID));
        pidfd.close();
        pidfd.close();
      }
    }
    assertThat(Held.now()).isEqualTo(before);
  }
}
