package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** VMs, vCPUs and their stats fds through the real /dev/kvm. */
class KvmTest {
  private Kvm kvm;
  private KvmVm vm;

  @BeforeEach
  void open() throws IOException {
    Path device = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "needs /dev/kvm, and permission to read and write it");
    kvm = Kvm.open();
    vm = kvm.createVm();
  }

  @AfterEach
  void close() {
    if (kvm != null) {
      vm.close();
      kvm.close();
    }
  }

  @Test
  void tellsWhatItCan() throws IOException {
    assertThat(kvm.hasStatsFd()).isTrue();
    assertThat(kvm.checkExtension(KvmAbi.CAP_BINARY_STATS_FD)).isEqualTo(1);
    assertThat(kvm.checkExtension(99_999)).isZero();
  }

  @Test
  void statsFdsTellWhoseTheyAre() throws IOException {
    try (KvmVcpu vcpu = vm.createVcpu(5);
        Fd ofVm = vm.statsFd();
        Fd ofVcpu = vcpu.statsFd()) {
      assertThat(ofVm.link()).isEqualTo("anon_inode:kvm-vm-stats");
      assertThat(ofVcpu.link()).isEqualTo("anon_inode:kvm-vcpu-stats:5");
      assertThat(decode(ofVm).id()).matches("kvm-\\d+");
      assertThat(decode(ofVcpu).id()).matches("kvm-\\d+/vcpu-5");
    }
  }

  @Test
  void statsCanBeReadAfterVmAndVcpuAreClosed() throws IOException {
    KvmVcpu vcpu = vm.createVcpu(0);
    try (Fd ofVm = vm.statsFd();
        Fd ofVcpu = vcpu.statsFd();
        Arena arena = Arena.ofConfined()) {
      vcpu.close();
      vm.close();
      kvm.close();
      for (Fd fd : List.of(ofVm, ofVcpu)) {
        StatsFile file = decode(fd);
        long end = file.dataOffset() + file.schema().dataBytes();
        MemorySegment into = arena.allocate(64);
        assertThat(fd.pread(into, 0)).isEqualTo(64);
        assertThat(fd.pread(into, end - 8)).isEqualTo(8);
        assertThat(fd.pread(into, end)).isZero();
        assertThat(fd.pread(into, end + 1000)).isZero();
      }
    }
  }

  private static StatsFile decode(Fd fd) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1 << 16);
      long length = fd.pread(buffer, 0);
      MemorySegment bytes = buffer.asSlice(0, length);
      return StatsFileDecoder.decode(ByteSource.of(bytes), ByteOrder.nativeOrder());
    }
  }

  @Test
  void runsUntilTheGuestNeedsThisProcess() throws IOException {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the guest's code is for x86");
    byte[] code = {
      (byte) 0xba,
      0x34,
      0x12, // mov dx, 0x1234
      (byte) 0xee, // out dx, al
      0x26,
      (byte) 0xa2,
      0x08,
      0x00, // mov es:[8], al
      (byte) 0xf4, // hlt
    };
    int address = 0x1000;
    try (Mapping memory = Mapping.anonymous(0x4000);
        KvmVcpu vcpu = vm.createVcpu(0);
        Fd stats = vcpu.statsFd()) {
      MemorySegment.copy(code, 0, memory.segment(), ValueLayout.JAVA_BYTE, address, code.length);
      vm.setUserMemoryRegion(0, 0, memory.segment());
      vcpu.setSupportedCpuid(kvm);
      vcpu.setRealMode(address >> 4, 0, 0x1000, 0xd000);
      vcpu.makeRunnable();
      long exitsBefore = value(stats, "exits");

      assertThat(vcpu.run()).isEqualTo(KvmExit.IO);
      assertThat(vcpu.ioPort()).isEqualTo(0x1234);
      assertThat(vcpu.run()).isEqualTo(KvmExit.MMIO);
      assertThat(vcpu.mmioAddress()).isEqualTo(0xd0008);
      // No interrupt controller was asked for, so nothing in the kernel could wake it.
      assertThat(vcpu.run()).isEqualTo(KvmExit.HLT);
      assertThat(value(stats, "exits")).isGreaterThan(exitsBefore);
      vm.close();
    }
  }

  private static long value(Fd fd, String name) throws IOException {
    StatsFile file = decode(fd);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(file.schema().dataBytes());
      assertThat(fd.pread(data, file.dataOffset())).isEqualTo(data.byteSize());
      return data.get(
          ValueLayout.JAVA_LONG_UNALIGNED, file.schema().find(name).orElseThrow().offset());
    }
  }

  @Test
  void refusalsSayWhyAndLeaveNothingOpen() throws IOException {
    try (KvmVcpu _ = vm.createVcpu(0)) {
      List<String> before = Held.now();
      assertThat(before).contains("anon_inode:kvm-vcpu:0", "mapping of anon_inode:kvm-vcpu:0");
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> vm.createVcpu(0))
          .withMessageContaining("ioctl KVM_CREATE_VCPU on ")
          .withMessageEndingWith(": EEXIST (File exists)");
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> vm.createVcpu(1 << 20))
          .withMessageEndingWith(": EINVAL (Invalid argument)");
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> vm.createVcpu(-1))
          .withMessageEndingWith(": EINVAL (Invalid argument)");
      assertThat(Held.now()).isEqualTo(before);
    }
  }

  @Test
  void closedIsRefusedBeforeTheKernelIsAsked() throws IOException {
    KvmVcpu vcpu = vm.createVcpu(0);
    vcpu.close();
    vm.close();
    assertThatIllegalStateException().isThrownBy(vcpu::statsFd).withMessage("vCPU 0 is closed");
    assertThatIllegalStateException().isThrownBy(vcpu::run);
    assertThatIllegalStateException().isThrownBy(vm::statsFd).withMessage("a VM is closed");
    assertThatIllegalStateException().isThrownBy(() -> vm.createVcpu(1));
    kvm.close();
    assertThatIllegalStateException().isThrownBy(kvm::createVm);
  }

  @Test
  void aVmLivesOnWithoutTheDevice() throws IOException {
    kvm.close();
    try (KvmVcpu vcpu = vm.createVcpu(0);
        Fd stats = vcpu.statsFd()) {
      assertThat(stats.link()).isEqualTo("anon_inode:kvm-vcpu-stats:0");
    }
  }

  @Test
  void leavesNothingOpen() throws IOException {
    vm.close();
    kvm.close();
    List<String> before = Held.now();
    for (int i = 0; i < 200; i++) {
      Kvm device = Kvm.open();
      KvmVm machine = device.createVm();
      KvmVcpu vcpu = machine.createVcpu(0);
      Fd ofVm = machine.statsFd();
      Fd ofVcpu = vcpu.statsFd();
      if (i == 0) {
        assertThat(Held.now()).hasSize(before.size() + 6);
      }
      for (AutoCloseable closed : List.of(ofVcpu, ofVm, vcpu, machine, device)) {
        closeTwice(closed);
      }
    }
    assertThat(Held.now()).isEqualTo(before);
  }

  private static void closeTwice(AutoCloseable closed) {
    try {
      closed.close();
      closed.close();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void withoutFreeDescriptorsEveryCallSaysSoAndRecovers() throws Exception {
    Command.require("sh");
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    String output =
        Command.run(
            "sh",
            "-c",
            "ulimit -n 256 && exec \"$@\"",
            "sh",
            java.toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            OutOfFds.class.getName());
    assertThat(output)
        .isEqualTo(
            """
            refused [EEXIST]
            before [ok, ok, ok, ok, ok, ok]
            without [EMFILE, EMFILE, EMFILE, EMFILE, EMFILE, EMFILE]
            after [ok, ok, ok, ok, ok, ok]
            leaked []
            """);
  }
}
