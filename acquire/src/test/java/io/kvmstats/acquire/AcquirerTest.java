package io.kvmstats.acquire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.KvmFd.Kind;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.Vmm;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmExit;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import io.kvmstats.linux.Mapping;
import io.kvmstats.linux.Pidfd;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sources of real VMs' statistics: of this process, which is a VMM too, and of others. */
class AcquirerTest {
  private static final int SELF = (int) ProcessHandle.current().pid();
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration BETWEEN = Duration.ofMillis(5);

  private final Acquirer acquirer = new Acquirer(false, List.of(), Machine::noDebugfs);
  private Kvm kvm;
  private KvmVm vm;
  private List<String> before;

  @BeforeEach
  void open() throws IOException {
    Machine.assumeKvm();
    before = held();
    kvm = Kvm.open();
    vm = kvm.createVm();
  }

  @AfterEach
  void nothingIsLeftOpen() throws IOException {
    if (kvm != null) {
      vm.close();
      kvm.close();
      assertThat(held()).isEqualTo(before);
    }
  }

  /** {@return the descriptors of KVM's and of processes that this process has open} */
  private static List<String> held() throws IOException {
    List<String> held = new ArrayList<>();
    try (var fds = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path fd : fds) {
        try {
          String link = Files.readSymbolicLink(fd).toString();
          if (link.startsWith("anon_inode:") || link.startsWith("pidfd:")) {
            held.add(link);
          }
        } catch (NoSuchFileException e) {
          // Closed meanwhile.
        }
      }
    }
    held.sort(null);
    return held;
  }

  private static Vmm find(int pid) throws IOException {
    Vmm found = null;
    for (Vmm vmm : new Host().scan().vmms()) {
      if (vmm.pid() == pid) {
        found = vmm;
      } else {
        vmm.close();
      }
    }
    assertThat(found).as("process " + pid).isNotNull();
    return found;
  }

  private static byte[] data(Fd fd, StatsObject of) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      Descriptor last = kernels(of).getLast();
      MemorySegment data = arena.allocate(last.end());
      assertThat(fd.pread(data, of.file().dataOffset())).isEqualTo(data.byteSize());
      return data.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static Fd fd(StatsObject object) {
    StatsBytes bytes = object.bytes() instanceof VcpuBytes vcpu ? vcpu.kernels() : object.bytes();
    return ((StatsFd) bytes).fd();
  }

  /** {@return the statistics of an object that are the kernel's} */
  private static List<Descriptor> kernels(StatsObject of) {
    return of.file().schema().descriptors().stream()
        .filter(d -> !ThreadTimes.has(d.name()))
        .toList();
  }

  private static byte[] data(StatsObject object) throws IOException {
    return data(fd(object), object);
  }

  private static long value(StatsObject object, String name) throws IOException {
    Descriptor descriptor = object.file().schema().find(name).orElseThrow();
    return MemorySegment.ofArray(data(object))
        .get(ValueLayout.JAVA_LONG_UNALIGNED, descriptor.offset());
  }

  private static void awaitMoreThan(long bound, StatsObject object, String name)
      throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (value(object, name) <= bound) {
      assertThat(System.nanoTime()).as(name + " > " + bound).isLessThan(deadline);
      LockSupport.parkNanos(BETWEEN.toNanos());
    }
  }

  /** Runs a vCPU of this process for that many exits; afterwards its statistics stand still. */
  private void exits(KvmVcpu vcpu, int count) throws IOException {
    byte[] code = {
      (byte) 0xba,
      0x34,
      0x12, // mov dx, 0x1234
      (byte) 0xee, // again: out dx, al
      (byte) 0xeb,
      (byte) 0xfd, // jmp again
    };
    try (Mapping memory = Mapping.anonymous(0x4000)) {
      MemorySegment.copy(code, 0, memory.segment(), ValueLayout.JAVA_BYTE, 0x1000, code.length);
      vm.setUserMemoryRegion(0, 0, memory.segment());
      vcpu.setSupportedCpuid(kvm);
      vcpu.setRealMode(0x100, 0, 0x1000, 0);
      vcpu.makeRunnable();
      for (int i = 0; i < count; i++) {
        assertThat(vcpu.run()).isEqualTo(KvmExit.IO);
      }
    }
  }

  @Test
  void ownReadsThisProcesssObjects() throws IOException {
    try (KvmVcpu vcpu = vm.createVcpu(3);
        StatsObject ofVm = acquirer.own(vm);
        StatsObject ofVcpu = acquirer.own(vcpu)) {
      assertThat(ofVm.isVcpu()).isFalse();
      assertThat(ofVm.vcpu()).isEqualTo(KvmFd.NO_VCPU);
      assertThat(ofVm.source()).isEqualTo(Source.OWN);
      assertThat(ofVm.file().id()).matches("kvm-\\d+");
      assertThat(ofVcpu.isVcpu()).isTrue();
      assertThat(ofVcpu.vcpu()).isEqualTo(3);
      assertThat(ofVcpu.source()).isEqualTo(Source.OWN);
      assertThat(ofVcpu.file().id()).matches("kvm-\\d+/vcpu-3");
      long exits = value(ofVcpu, "exits");
      exits(vcpu, 100);
      assertThat(value(ofVcpu, "exits")).isGreaterThanOrEqualTo(exits + 100);
    }
  }

  @Test
  void dupReadsWhatTheVmmItselfReads() throws IOException {
    try (KvmVcpu vcpu = vm.createVcpu(0);
        Fd ofVm = vm.statsFd();
        Fd ofVcpu = vcpu.statsFd()) {
      exits(vcpu, 50);
      try (AcquiredVmm acquired = acquirer.acquire(find(SELF))) {
        assertThat(acquired.shortfall()).isEmpty();
        assertThat(acquired.objects()).extracting(StatsObject::vcpu).containsExactly(-1, 0);
        StatsObject vmDup = acquired.objects().get(0);
        StatsObject vcpuDup = acquired.objects().get(1);
        assertThat(fd(vmDup).number()).isNotEqualTo(ofVm.number());
        assertThat(data(vmDup)).isEqualTo(data(ofVm, vmDup));
        assertThat(data(vcpuDup)).isEqualTo(data(ofVcpu, vcpuDup));
        assertThat(value(vcpuDup, "exits")).isGreaterThanOrEqualTo(50);
      }
    }
  }

  @Test
  void dupReadsARunningGuestAndPinsItPastItsEnd() throws Exception {
    try (GuestProcess guest =
            GuestProcess.start("web", List.of(Life.PORT_IO, Life.MMIO)).awaitRunning();
        AcquiredVmm acquired = acquirer.acquire(find(guest.pid()))) {
      assertThat(acquired.shortfall()).isEmpty();
      assertThat(acquired.source()).contains(Source.DUP);
      assertThat(acquired.objects()).extracting(StatsObject::vcpu).containsExactly(-1, 0, 1);
      StatsObject portIo = acquired.objects().get(1);
      StatsObject mmio = acquired.objects().get(2);
      awaitMoreThan(value(portIo, "exits"), portIo, "exits");
      awaitMoreThan(100, mmio, "mmio_exits");
      assertThat(value(portIo, "mmio_exits")).isZero();
      guest.kill();
      byte[] last = data(mmio);
      assertThat(data(mmio)).isEqualTo(last);
      assertThat(value(mmio, "mmio_exits")).isGreaterThan(100);
    }
  }

  @Test
  void oneSchemaServesAllVcpus() throws IOException {
    try (GuestProcess guest =
            GuestProcess.start("web", List.of(Life.HALT, Life.HALT)).awaitRunning();
        AcquiredVmm theirs = acquirer.acquire(find(guest.pid()));
        KvmVcpu vcpu = vm.createVcpu(0);
        StatsObject ownVm = acquirer.own(vm);
        StatsObject ownVcpu = acquirer.own(vcpu)) {
      Schema ofVm = theirs.objects().get(0).file().schema();
      Schema ofVcpu = theirs.objects().get(1).file().schema();
      assertThat(theirs.objects().get(2).file().schema()).isSameAs(ofVcpu);
      assertThat(ThreadTimes.behind(ownVcpu.file().schema())).isEqualTo(ofVcpu);
      assertThat(ownVm.file().schema()).isSameAs(ofVm);
      assertThat(ofVm).isNotEqualTo(ofVcpu);
    }
  }

  @Test
  void severalFdsOfAVcpuAreOneObjectWhereThereIsOneVm() throws IOException {
    try (KvmVcpu vcpu = vm.createVcpu(0);
        Fd _ = vm.statsFd();
        Fd _ = vm.statsFd();
        Fd _ = vcpu.statsFd();
        Fd _ = vcpu.statsFd()) {
      Vmm vmm = find(SELF);
      assertThat(vmm.vcpuStats()).hasSize(2);
      try (AcquiredVmm acquired = acquirer.acquire(vmm)) {
        assertThat(acquired.objects()).extracting(StatsObject::vcpu).containsExactly(-1, 0);
        assertThat(acquired.shortfall()).isEmpty();
      }
    }
  }

  @Test
  void vcpusOfTwoVmsAreTwoObjectsThoughTheirNumbersAreOne() throws IOException {
    try (KvmVm other = kvm.createVm();
        KvmVcpu vcpu = vm.createVcpu(0);
        KvmVcpu otherVcpu = other.createVcpu(0);
        Fd _ = vm.statsFd();
        Fd _ = other.statsFd();
        Fd _ = vcpu.statsFd();
        Fd _ = otherVcpu.statsFd()) {
      try (AcquiredVmm acquired = acquirer.acquire(find(SELF))) {
        assertThat(acquired.objects()).extracting(StatsObject::vcpu).containsExactly(-1, -1, 0, 0);
        assertThat(acquired.shortfall()).isEmpty();
      }
    }
  }

  @Test
  void aVmmThatKeepsNoStatsFdIsSaidTo() throws IOException {
    try (KvmVcpu _ = vm.createVcpu(0);
        AcquiredVmm acquired = acquirer.acquire(find(SELF))) {
      assertThat(acquired.objects()).isEmpty();
      assertThat(acquired.source()).isEmpty();
      assertThat(acquired.shortfall())
          .contains(
              "the VMM keeps no stats fd open (QEMU does since 8.1): there is nothing to"
                  + " duplicate; --attach has it open them, which stops a thread of it for a moment,"
                  + " once per VM and vCPU; debugfs: not on this machine");
    }
  }

  @Test
  void aVmmThatKeepsSomeStatsFdsIsSaidToKeepNoOthers() throws IOException {
    try (KvmVcpu _ = vm.createVcpu(0);
        KvmVcpu second = vm.createVcpu(1);
        Fd _ = second.statsFd();
        AcquiredVmm acquired = acquirer.acquire(find(SELF))) {
      assertThat(acquired.objects()).extracting(StatsObject::vcpu).containsExactly(1);
      assertThat(acquired.shortfall())
          .contains(
              "the VMM keeps no stats fd open for 1 of 2 vCPUs and the VM's own statistics;"
                  + " --attach has it open them, which stops a thread of it for a moment, once per"
                  + " VM and vCPU");
    }
  }

  @Test
  void ofQemuWhatItKeepsOpenIsRead() throws Exception {
    String qemu = "qemu-system-x86_64";
    requireInstalled(qemu);
    List<String> command = new ArrayList<>(List.of(qemu, "-accel", "kvm", "-machine", "q35"));
    command.addAll(List.of("-smp", "2", "-display", "none", "-nodefaults", "-S"));
    command.addAll(List.of("-name", "qemu-test", "-qmp", "stdio"));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try {
      // Greets when the machine is made.
      assertThat(process.inputReader().readLine()).contains("QMP");
      try (AcquiredVmm acquired = acquirer.acquire(find((int) process.pid()))) {
        boolean since81 = !acquired.vmm().vcpuStats().isEmpty();
        assertThat(acquired.objects())
            .extracting(StatsObject::vcpu)
            .isEqualTo(since81 ? List.of(0, 1) : List.of());
        assertThat(acquired.shortfall().orElseThrow())
            .startsWith("the VMM keeps no stats fd open ")
            .contains(since81 ? "for the VM's own statistics" : "(QEMU does since 8.1)");
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static void requireInstalled(String program) {
    boolean installed =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder).resolve(program)));
    assumeTrue(installed, "needs " + program + ", which is not installed");
  }

  @Test
  void aVmmThatDiesBetweenScanAndAcquireIsNamed() throws Exception {
    try (GuestProcess guest = GuestProcess.start("web", List.of(Life.HALT)).awaitRunning()) {
      Vmm vmm = find(guest.pid());
      guest.kill();
      try (AcquiredVmm acquired = acquirer.acquire(vmm)) {
        assertThat(acquired.objects()).isEmpty();
        assertThat(acquired.shortfall().orElseThrow())
            .contains("pidfd_getfd on fd ")
            .contains(" of process " + guest.pid() + ": ESRCH (No such process)");
      }
    }
  }

  @Test
  void aNumberThatHasBecomeAnotherFileIsRefused() throws IOException {
    try (KvmVcpu first = vm.createVcpu(0);
        KvmVcpu second = vm.createVcpu(1);
        Fd ofVm = vm.statsFd();
        Fd ofFirst = first.statsFd();
        Fd ofSecond = second.statsFd()) {
      assertThat(refusals(vmStats(0), List.of()))
          .matches(
              "anon_inode:kvm-vm-stats: fd 0 of process " + SELF + " \\(fd \\d+\\) has become .+");
      assertThat(refusals(vmStats(ofFirst.number()), List.of()))
          .endsWith("has become anon_inode:kvm-vcpu-stats:0");
      // The other vCPU's: what was 0's must not be shown as 1's.
      List<KvmFd> swapped = List.of(new KvmFd(Kind.VCPU_STATS, ofFirst.number(), 1));
      assertThat(refusals(vmStats(ofVm.number()), swapped))
          .endsWith("has become anon_inode:kvm-vcpu-stats:0");
      assertThat(refusals(vmStats(999_999), List.of()))
          .endsWith(
              "pidfd_getfd on fd 999999 of process " + SELF + ": EBADF (Bad file descriptor)");
      // One refusal takes nothing from the others.
      List<KvmFd> half =
          List.of(
              new KvmFd(Kind.VCPU_STATS, 0, 0), new KvmFd(Kind.VCPU_STATS, ofSecond.number(), 1));
      try (AcquiredVmm acquired = acquirer.acquire(crafted(vmStats(ofVm.number()), half))) {
        assertThat(acquired.objects()).extracting(StatsObject::vcpu).containsExactly(-1, 1);
        assertThat(acquired.shortfall().orElseThrow())
            .startsWith("anon_inode:kvm-vcpu-stats:0: ")
            .contains(" has become ");
      }
    }
  }

  private static List<KvmFd> vmStats(int number) {
    return List.of(new KvmFd(Kind.VM_STATS, number, KvmFd.NO_VCPU));
  }

  /** A scan of this process that found these. */
  private static Vmm crafted(List<KvmFd> vmStats, List<KvmFd> vcpuStats) throws IOException {
    return new Vmm(
        Pidfd.open(SELF),
        new Vmm.Key(SELF, 1),
        "vmm",
        VmIdentity.UNKNOWN,
        List.of(),
        List.of(),
        vmStats,
        vcpuStats);
  }

  private String refusals(List<KvmFd> vmStats, List<KvmFd> vcpuStats) throws IOException {
    List<String> held = held();
    String shortfall;
    try (AcquiredVmm acquired = acquirer.acquire(crafted(vmStats, vcpuStats))) {
      shortfall = acquired.shortfall().orElseThrow();
    }
    assertThat(held()).isEqualTo(held);
    return shortfall;
  }

  @Test
  void anotherUserIsToldWhatWouldHelp() throws Exception {
    assumeTrue(
        Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0),
        "needs root, to be refused what is root's as another user");
    requireInstalled("setpriv");
    // Only what is needed: another user may not read all of the class path.
    List<String> classPath =
        Stream.of(AcquireMain.class, Acquirer.class, Vmm.class, Fd.class, Schema.class)
            .map(type -> type.getProtectionDomain().getCodeSource().getLocation().getPath())
            .distinct()
            .toList();
    for (String path : classPath) {
      assumeTrue(
          asNobody(List.of("test", "-r", path)).start().waitFor() == 0,
          "needs a build that another user may read: " + path);
    }
    List<String> java = Machine.java(AcquireMain.class.getName());
    java.set(java.indexOf("-cp") + 1, String.join(File.pathSeparator, classPath));
    java.add(Integer.toString(SELF));
    assumeTrue(
        asNobody(List.of("test", "-x", java.getFirst())).start().waitFor() == 0,
        "needs a JDK that another user may run");
    Process process = asNobody(java).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(output)
        .isEqualTo(
            "0 pidfd_getfd on fd 0 of process %d: EPERM (Operation not permitted): run as root or"
                    .formatted(SELF)
                + " the VMM's user, where kernel.yama.ptrace_scope allows it\n");
  }

  private static ProcessBuilder asNobody(List<String> command) {
    List<String> all = new ArrayList<>();
    all.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
    all.addAll(command);
    return new ProcessBuilder(all);
  }
}
