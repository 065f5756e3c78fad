package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.BufferedReader;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tells duplicates of one open file from files opened twice, in another process. */
class KcmpTest {
  private static Process child;
  private static int pid;

  @BeforeAll
  static void start() throws Exception {
    Command.require("sh");
    String script = "exec 3</dev/null 4<&3 5</dev/null 6<&5; echo ready; read -r end";
    child = new ProcessBuilder("sh", "-c", script).start();
    pid = (int) child.pid();
    BufferedReader output = child.inputReader();
    assertThat(output.readLine()).isEqualTo("ready");
  }

  @AfterAll
  static void stop() {
    if (child != null) {
      child.destroyForcibly();
    }
  }

  @Test
  void aDuplicateIsTheSameFile() throws Exception {
    assertThat(Kcmp.compareFiles(pid, 3, pid, 4)).isZero();
    assertThat(Kcmp.compareFiles(pid, 6, pid, 5)).isZero();
    assertThat(Kcmp.compareFiles(pid, 3, pid, 3)).isZero();
  }

  @Test
  void aDuplicateInAnotherProcessIsTheSameFile() throws Exception {
    int self = Math.toIntExact(ProcessHandle.current().pid());
    try (Pidfd other = Pidfd.open(pid);
        Fd ours = other.getfd(3)) {
      assertThat(Kcmp.compareFiles(self, ours.number(), pid, 4)).isZero();
      assertThat(Kcmp.compareFiles(pid, 3, self, ours.number())).isZero();
      assertThat(Kcmp.compareFiles(self, ours.number(), pid, 5)).isNotZero();
    }
  }

  @Test
  void anotherOpenIsAnotherFileInAFixedOrder() throws Exception {
    int order = Kcmp.compareFiles(pid, 3, pid, 5);
    assertThat(order).isIn(-1, 1);
    assertThat(Kcmp.compareFiles(pid, 4, pid, 6)).isEqualTo(order);
    assertThat(Kcmp.compareFiles(pid, 5, pid, 3)).isEqualTo(-order);
  }

  @Test
  void saysWhatCouldNotBeCompared() throws Exception {
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> Kcmp.compareFiles(pid, 3, pid, 99))
        .withMessage(
            "kcmp on fd 3 of process %1$d and fd 99 of process %1$d: EBADF (Bad file descriptor)",
            pid);
    Process gone = new ProcessBuilder("true").start();
    gone.waitFor();
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> Kcmp.compareFiles((int) gone.pid(), 0, (int) gone.pid(), 1))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ESRCH));
  }
}
