package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.cli.Finding.State;
import io.kvmstats.linux.PacketSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What doctor makes of hosts that are not this one. */
class CheckupTest {
  @TempDir private Path root;

  private Finding finding(String subject, String file, String content) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, content);
    return finding(subject);
  }

  private Finding finding(String subject) {
    return new Checkup(root)
        .findings().stream()
            .filter(found -> found.subject().equals(subject))
            .findFirst()
            .orElseThrow();
  }

  @Test
  void aBrokerIsThereOrNotOrLeftItsSocketBehind() throws IOException {
    assertThat(finding("broker").found()).isEqualTo("none: commands read by themselves");
    Path socket = root.resolve("run/kvmstats/broker.sock");
    Files.createDirectories(socket.getParent());
    try (PacketSocket listening =
        PacketSocket.listen(socket, PosixFilePermissions.fromString("rw-------"))) {
      assertThat(listening.accept()).isEmpty();
      assertThat(finding("broker").state()).isEqualTo(State.OK);
      assertThat(finding("broker").found()).startsWith("listens at " + socket);
    }
    assertThat(finding("broker").state()).isEqualTo(State.LIMITS);
    assertThat(finding("broker").found()).contains("ECONNREFUSED");
  }

  @ParameterizedTest
  @CsvSource({
    "lockdown, sys/kernel/security/lockdown, [none] integrity confidentiality, OK",
    "lockdown, sys/kernel/security/lockdown, none [integrity] confidentiality, LIMITS",
    "lockdown, sys/kernel/security/lockdown, none integrity [confidentiality], LIMITS",
    "ptrace scope, proc/sys/kernel/yama/ptrace_scope, 0, OK",
    "ptrace scope, proc/sys/kernel/yama/ptrace_scope, 1, LIMITS",
    "ptrace scope, proc/sys/kernel/yama/ptrace_scope, 2, LIMITS",
    "ptrace scope, proc/sys/kernel/yama/ptrace_scope, 3, LIMITS",
    "CAP_SYS_PTRACE, proc/self/status, CapEff:\t000001ffffffffff, OK",
    "CAP_SYS_PTRACE, proc/self/status, CapEff:\t0000000000080000, OK",
    "CAP_SYS_PTRACE, proc/self/status, CapEff:\tfffffffffff7ffff, LIMITS",
    "CAP_SYS_PTRACE, proc/self/status, CapPrm:\tffffffffffffffff, UNKNOWN",
    "our seccomp filter, proc/self/status, Seccomp:\t0, OK",
    "our seccomp filter, proc/self/status, Seccomp:\t2, LIMITS",
    "open files, proc/self/limits, Max open files            1024  4096  files, LIMITS",
    "open files, proc/self/limits, Max open files            4096  4096  files, OK",
    "open files, proc/self/limits, Max open files            unlimited  unlimited  files, OK",
  })
  void aHostIsReadAsItsFilesAre(String subject, String file, String line, State state)
      throws IOException {
    Finding finding = finding(subject, file, line + "\n");
    assertThat(finding.state()).isEqualTo(state);
    assertThat(finding.advice().isEmpty()).isEqualTo(state == State.OK || state == State.UNKNOWN);
  }

  @Test
  void whatCannotBeReadIsUnknown() {
    for (String subject :
        List.of("lockdown", "CAP_SYS_PTRACE", "our seccomp filter", "open files", "QMP sockets")) {
      assertThat(finding(subject).state()).as(subject).isEqualTo(State.UNKNOWN);
    }
    // A kernel without Yama has no such file.
    assertThat(finding("ptrace scope").state()).isEqualTo(State.OK);
  }

  @Test
  void debugfsIsKnownByItsTypeNotByItsPlace() throws IOException {
    String mounts = "proc/self/mounts";
    assertThat(finding("debugfs", mounts, "debugfs /sys/kernel/debug tmpfs rw 0 0\n").found())
        .contains("not mounted");
    assertThat(finding("debugfs", mounts, "none /mnt/x debugfs rw 0 0\n").found())
        .contains("mounted at /mnt/x");
  }

  @Test
  void monitorsAreKnownByTheirPaths() throws IOException {
    String sockets =
        """
        Num       RefCount Protocol Flags    Type St Inode Path
        0000000000000000: 00000002 00000000 00010000 0001 01  7001 /run/my vm/qmp.sock
        0000000000000000: 00000002 00000000 00010000 0001 01 17002 /var/lib/a/monitor.sock
        0000000000000000: 00000003 00000000 00000000 0001 03 17003 /var/lib/a/monitor.sock
        0000000000000000: 00000002 00000000 00010000 0001 01 17004 /run/dbus/socket
        0000000000000000: 00000002 00000000 00010000 0001 01 17005 @qmp
        0000000000000000: 00000003 00000000 00000000 0001 03 17006
        """;
    assertThat(finding("QMP sockets", "proc/net/unix", sockets).found())
        .startsWith("/run/my vm/qmp.sock, /var/lib/a/monitor.sock;");
  }
}
