package io.kvmstats.discover;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.discover.KvmFd.Kind;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Pidfd;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a scan makes of a /proc that is made up, except that its pids and descriptors are ours. */
class HostTest {
  /** PID_MAX_LIMIT: pids are below. */
  private static final int NO_PID = 4_194_304;

  /** Beyond what any process may have open. */
  private static final int NO_FD = 999_999_999;

  private static final int SELF = (int) ProcessHandle.current().pid();

  @TempDir private Path folder;
  private FakeProc proc;
  private final List<AutoCloseable> opened = new ArrayList<>();

  private long pidfdsBefore;

  @BeforeEach
  void makeUp() throws IOException {
    pidfdsBefore = HostKvmTest.pidfds();
    proc = new FakeProc(Files.createDirectory(folder.resolve("proc")));
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable file : opened) {
      file.close();
    }
    assertThat(HostKvmTest.pidfds()).isEqualTo(pidfdsBefore);
  }

  /** {@return a descriptor that this process really has, of a file of its own} */
  private int open(String name) throws IOException {
    Path file = Files.writeString(folder.toRealPath().resolve(name), name);
    opened.add(new FileInputStream(file.toFile()));
    try (var fds = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path fd : fds) {
        try {
          if (Files.readSymbolicLink(fd).equals(file)) {
            return Integer.parseInt(fd.getFileName().toString());
          }
        } catch (NoSuchFileException e) {
          // Closed meanwhile.
        }
      }
    }
    throw new IllegalStateException(file + " is not open");
  }

  private Host.Scan scan() throws IOException {
    Host.Scan scan = new Host(proc.root()).scan();
    opened.add(scan);
    return scan;
  }

  @Test
  void findsWhatAProcessHolds() throws IOException {
    int vm = open("vm");
    int first = open("first");
    int second = open("second");
    int vmStats = open("vmStats");
    int vcpuStats = open("vcpuStats");
    String path = "/usr/bin/qemu-system-x86_64";
    proc.process(SELF, "qemu-system-x86", 4711, path, "-name", "guest=web,debug-threads=on");
    proc.fd(SELF, vm, "anon_inode:kvm-vm");
    proc.fd(SELF, second, "anon_inode:kvm-vcpu:10");
    proc.fd(SELF, first, "anon_inode:kvm-vcpu:9");
    proc.fd(SELF, vmStats, "anon_inode:kvm-vm-stats");
    proc.fd(SELF, vcpuStats, "anon_inode:kvm-vcpu-stats:10");
    Host.Scan scan = scan();
    assertThat(scan.hidden()).isEmpty();
    assertThat(scan.vmms()).hasSize(1);
    Vmm vmm = scan.vmms().getFirst();
    assertThat(vmm.key()).isEqualTo(new Vmm.Key(SELF, 4711));
    assertThat(vmm.program()).isEqualTo("qemu-system-x86_64");
    assertThat(vmm.name()).contains(new VmName("web", "-name"));
    assertThat(vmm.vms()).containsExactly(new KvmFd(Kind.VM, vm, KvmFd.NO_VCPU));
    assertThat(vmm.vcpus())
        .containsExactly(new KvmFd(Kind.VCPU, first, 9), new KvmFd(Kind.VCPU, second, 10));
    assertThat(vmm.vmStats()).containsExactly(new KvmFd(Kind.VM_STATS, vmStats, KvmFd.NO_VCPU));
    assertThat(vmm.vcpuStats()).containsExactly(new KvmFd(Kind.VCPU_STATS, vcpuStats, 10));
  }

  @Test
  void leavesOutWhatOnlyLooksLikeKvms() throws IOException {
    String[] links = {
      "/run/anon_inode:kvm-vm",
      "/memfd:anon_inode:kvm-vm (deleted)",
      "/memfd:kvm-vm (deleted)",
      "/memfd:kvm-vm-stats",
      "/memfd:kvm-vm-stats2 (deleted)",
      "/memfd:kvm-vcpu-stats: (deleted)",
      "/memfd:kvm-vcpu-stats:1 (deleted) (deleted)",
      "/run/memfd:kvm-vm-stats (deleted)",
      "anon_inode:kvm-vm ",
      "anon_inode:kvm-vmx",
      "anon_inode:kvm-vcpu:",
      "anon_inode:kvm-vcpu:-1",
      "anon_inode:kvm-vcpu:0x1",
      "anon_inode:kvm-vcpu:1234567",
      "anon_inode:[kvm-vm]",
      "anon_inode:kvm-device",
      "kvm-vm",
      "socket:[4711]",
    };
    proc.process(SELF, "vmm", 1, "vmm");
    for (int i = 0; i < links.length; i++) {
      proc.fd(SELF, open("file" + i), links[i]);
    }
    assertThat(scan().vmms()).isEmpty();
    int vcpu = open("vcpu");
    proc.fd(SELF, vcpu, "anon_inode:kvm-vcpu:3");
    Vmm vmm = scan().vmms().getFirst();
    assertThat(vmm.vms()).isEmpty();
    assertThat(vmm.vcpus()).containsExactly(new KvmFd(Kind.VCPU, vcpu, 3));
  }

  @Test
  void leavesOutReadersAndWhatIsNoProcess() throws IOException {
    proc.process(SELF, "kvmstats", 1, "kvmstats");
    proc.fd(SELF, open("handed"), "anon_inode:kvm-vm-stats");
    proc.fd(SELF, open("dup"), "anon_inode:kvm-vcpu-stats:0");
    for (String other : List.of("self", "sys", "1x", "-1", "9999999999", "12345678901234567890")) {
      Path fds = Files.createDirectories(proc.root().resolve(other).resolve("fd"));
      Files.createSymbolicLink(fds.resolve("3"), Path.of("anon_inode:kvm-vm"));
    }
    Host.Scan scan = scan();
    assertThat(scan.vmms()).isEmpty();
    assertThat(scan.hidden()).isEmpty();
  }

  @Test
  void aDuplicateIsNoSecondVm() throws IOException {
    int first = open("first");
    int second = open("second");
    try (Pidfd self = Pidfd.open(SELF);
        Fd duplicate = self.getfd(first)) {
      proc.process(SELF, "vmm", 1, "vmm");
      proc.fd(SELF, first, "anon_inode:kvm-vm");
      proc.fd(SELF, second, "anon_inode:kvm-vm");
      proc.fd(SELF, duplicate.number(), "anon_inode:kvm-vm");
      assertThat(scan().vmms().getFirst().vms())
          .extracting(KvmFd::number)
          .containsExactlyInAnyOrder(Math.min(first, duplicate.number()), second);
    }
  }

  @Test
  void aDescriptorClosedSinceItWasListedIsNotHeld() throws IOException {
    int vm = open("vm");
    int stats = open("stats");
    proc.process(SELF, "vmm", 1, "vmm");
    proc.fd(SELF, vm, "anon_inode:kvm-vm");
    proc.fd(SELF, stats, "anon_inode:kvm-vm-stats");
    proc.fd(SELF, NO_FD, "anon_inode:kvm-vm-stats");
    proc.fd(SELF, NO_FD - 1, "anon_inode:kvm-vm-stats");
    proc.fd(SELF, NO_FD - 2, "anon_inode:kvm-vcpu-stats:0");
    Host.Scan scan = scan();
    assertThat(scan.hidden()).isEmpty();
    Vmm vmm = scan.vmms().getFirst();
    assertThat(vmm.vmStats()).extracting(KvmFd::number).containsExactly(stats);
    assertThat(vmm.vcpuStats()).isEmpty();
  }

  /** As one that a file of too long a name is open under. */
  @Test
  void aDescriptorWhoseLinkCannotBeReadIsNoneOfKvms() throws IOException {
    Path vmm = proc.process(SELF, "vmm", 1, "vmm");
    proc.fd(SELF, open("vm"), "anon_inode:kvm-vm");
    Files.createFile(vmm.resolve("fd").resolve(Integer.toString(NO_FD)));
    Path other = proc.process(NO_PID, "python3", 1, "python3");
    Files.createFile(other.resolve("fd/9"));
    Host.Scan scan = scan();
    assertThat(scan.hidden()).isEmpty();
    assertThat(scan.vmms()).hasSize(1);
  }

  @Test
  void aProcessWhoseVmIsClosedMeanwhileHoldsNone() throws IOException {
    proc.process(SELF, "vmm", 1, "vmm");
    proc.fd(SELF, NO_FD, "anon_inode:kvm-vm");
    Host.Scan scan = scan();
    assertThat(scan.vmms()).isEmpty();
    assertThat(scan.hidden()).isEmpty();
  }

  @Test
  void aProcessThatEndsWhileItIsLookedAtIsLeftOut() throws IOException {
    // Gone when its descriptors were to be listed, when it was to be opened, and behind that.
    Files.createDirectory(proc.root().resolve("1234"));
    Path opening = proc.process(NO_PID, "vmm", 1, "vmm");
    proc.fd(NO_PID, 3, "anon_inode:kvm-vm");
    Files.delete(opening.resolve("comm"));
    Path behind = proc.process(SELF, "vmm", 1, "vmm");
    proc.fd(SELF, open("vm"), "anon_inode:kvm-vm");
    Files.delete(behind.resolve("stat"));
    Files.delete(behind.resolve("comm"));
    Host.Scan scan = scan();
    assertThat(scan.vmms()).isEmpty();
    assertThat(scan.hidden()).isEmpty();
  }

  @Test
  void whatCannotBeUnderstoodIsToldAndHarmsNoOther() throws IOException {
    Path broken = proc.process(SELF, "broken", 1, "broken");
    proc.fd(SELF, open("vm"), "anon_inode:kvm-vm");
    String pid = Integer.toString(SELF);
    Files.writeString(broken.resolve("stat"), pid + " (broken) S 1 2 3\n");
    assertThat(scan().hidden()).containsExactly(broken("has too few fields"));
    String noNumbers = "S" + " x".repeat(60);
    Files.writeString(broken.resolve("stat"), pid + " (broken) " + noNumbers + "\n");
    assertThat(scan().hidden()).containsExactly(broken("has no start time"));
  }

  private static Hidden broken(String what) {
    return new Hidden(SELF, "broken", VmIdentity.UNKNOWN, "/proc/" + SELF + "/stat " + what);
  }

  @Test
  void aNameMayContainAnything() throws IOException {
    for (String comm : List.of("a b", "x) S 7 (y", ") R 1 2 3", "((", "")) {
      FakeProc other = new FakeProc(Files.createTempDirectory(folder, "proc"));
      other.process(SELF, comm, 815, "vmm");
      other.fd(SELF, open("vm"), "anon_inode:kvm-vm");
      try (Host.Scan scan = new Host(other.root()).scan()) {
        assertThat(scan.vmms().getFirst().key().startTicks()).as(comm).isEqualTo(815);
        assertThat(scan.vmms().getFirst().program()).isEqualTo(comm);
      }
    }
  }

  @Test
  void aCutNameIsCompletedByTheCommandLineOnlyIfItGoesOnTheSameWay() throws IOException {
    assertThat(program("qemu-system-x86", "/opt/qemu-system-x86_64"))
        .isEqualTo("qemu-system-x86_64");
    assertThat(program("qemu-system-x86", "qemu-system-x86_64-mine")).endsWith("-mine");
    assertThat(program("renamed-by-user", "/usr/bin/qemu")).isEqualTo("renamed-by-user");
    assertThat(program("exactly-fifteen")).isEqualTo("exactly-fifteen");
    assertThat(program("short", "/usr/bin/short-and-long")).isEqualTo("short");
  }

  private String program(String comm, String... arguments) throws IOException {
    FakeProc other = new FakeProc(Files.createTempDirectory(folder, "proc"));
    other.process(SELF, comm, 1, arguments);
    other.fd(SELF, open("vm"), "anon_inode:kvm-vm");
    try (Host.Scan scan = new Host(other.root()).scan()) {
      return scan.vmms().getFirst().program();
    }
  }

  @Test
  void aCommandLineIsReadUpToABound() throws IOException {
    int vm = open("vm");
    proc.process(SELF, "vmm", 1, "vmm", "-name", "early", "x".repeat(1 << 20), "-name", "late");
    proc.fd(SELF, vm, "anon_inode:kvm-vm");
    assertThat(scan().vmms().getFirst().name()).contains(new VmName("early", "-name"));
  }

  @Test
  void aNameThatIsNoUtf8IsNoTrouble() throws IOException {
    // Written as ISO 8859-1, so that the name's bytes are no UTF-8.
    proc.process(SELF, "vmm", 1, "vmm", "-name", "caf\u00e9\u001b[0m");
    proc.fd(SELF, open("vm"), "anon_inode:kvm-vm");
    assertThat(scan().vmms().getFirst().name()).contains(new VmName("caf\ufffd\u001b[0m", "-name"));
  }
}
