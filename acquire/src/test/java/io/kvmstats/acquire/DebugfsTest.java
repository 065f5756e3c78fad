package io.kvmstats.acquire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** KVM's folder in debugfs: one that the test makes up, and the kernel's. */
class DebugfsTest {
  private static final int SELF = (int) ProcessHandle.current().pid();
  private static final KvmFd VM = new KvmFd(KvmFd.Kind.VM, 11, KvmFd.NO_VCPU);

  @TempDir private Path folder;

  private static Vmm vmm(KvmFd... vcpus) throws IOException {
    return new Vmm(
        Pidfd.open(SELF),
        new Vmm.Key(SELF, 1),
        "vmm",
        VmIdentity.UNKNOWN,
        List.of(VM),
        List.of(vcpus),
        List.of(),
        List.of());
  }

  private static KvmFd vcpu(int number) {
    return new KvmFd(KvmFd.Kind.VCPU, 12 + number, number);
  }

  private void write(String name, String text, String mode) throws IOException {
    Path file = folder.resolve("kvm").resolve(SELF + "-11").resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  /** What Linux 6.12 has there, and something that it may have one day. */
  private void makeUp() throws IOException {
    write("exits", "18446744073709551615\n", "rw-r--r--");
    write("halt_wait_ns", "1888911647\n", "rw-r--r--");
    write("halt_wait_hist", "0\n", "rw-r--r--");
    write("max_mmu_rmap_size", "3\n", "rw-r--r--");
    write("blocking", "2\n", "r--r--r--");
    write("of_tomorrow", "5\n", "rw-r--r--");
    write("mmu_rmaps_stat", "Rmap_Count:\t0\t1\nLevel=4K:\t0\t0\n", "rw-r--r--");
    write("vcpu0/pid", SELF + "\n", "r--r--r--");
    write("vcpu1/guest_mode", "0\n", "r--r--r--");
  }

  private Acquirer acquirer() {
    return new Acquirer(false, List.of(), new Debugfs(Path.of("/proc"), folder));
  }

  private static long value(MemorySegment block, Schema schema, String name) {
    return block.get(ValueLayout.JAVA_LONG, schema.find(name).orElseThrow().offset());
  }

  @Test
  void theVmsFilesAreReadAndNoHistograms() throws Exception {
    makeUp();
    try (AcquiredVmm acquired = acquirer().acquire(vmm(vcpu(0), vcpu(1)));
        Arena arena = Arena.ofConfined()) {
      assertThat(acquired.source()).contains(Source.DEBUGFS);
      assertThat(acquired.shortfall().orElseThrow())
          .startsWith("the VMM keeps no stats fd open")
          .endsWith("; debugfs has the sums over all vCPUs, and no histograms");
      assertThat(acquired.objects()).hasSize(1);
      StatsObject vm = acquired.objects().getFirst();
      assertThat(vm.held()).isEqualTo(VM);
      assertThat(vm.file().id()).isEqualTo(SELF + "-11");
      Schema schema = vm.file().schema();
      assertThat(schema.descriptors())
          .extracting(Descriptor::name)
          .containsExactly("blocking", "exits", "halt_wait_ns", "max_mmu_rmap_size", "of_tomorrow");
      assertThat(schema.descriptors())
          .extracting(Descriptor::type)
          .containsExactly(
              StatType.INSTANT,
              StatType.CUMULATIVE,
              StatType.CUMULATIVE,
              StatType.PEAK,
              StatType.UNKNOWN);
      Descriptor nanos = schema.find("halt_wait_ns").orElseThrow();
      assertThat(nanos.unit()).isEqualTo(Unit.SECONDS);
      assertThat(nanos.exponent()).isEqualTo(-9);

      MemorySegment block = arena.allocate(schema.dataBytes(), Long.BYTES);
      assertThat(vm.bytes().tryPread(block, 0)).isEqualTo(40);
      assertThat(value(block, schema, "exits")).isEqualTo(-1L); // 2^64 - 1
      assertThat(value(block, schema, "halt_wait_ns")).isEqualTo(1_888_911_647L);
      assertThat(value(block, schema, "blocking")).isEqualTo(2);

      // What is no number any more is no 0, and nor is a file that has gone.
      assertThat(acquired.isStill(acquired.vmm())).isTrue();
      write("exits", "\n", "rw-r--r--");
      assertThat(poll(vm, block)).isNegative();
      Path exits = folder.resolve("kvm").resolve(SELF + "-11").resolve("exits");
      Files.delete(exits);
      assertThat(poll(vm, block)).isNegative();
      write("exits", "7", "rw-r--r--");
      assertThat(poll(vm, block)).isEqualTo(40);
      assertThat(value(block, schema, "exits")).isEqualTo(7);

      // A VM of the same numbers is another.
      Files.move(exits.getParent(), folder.resolve("gone"));
      assertThat(acquired.isStill(acquired.vmm())).isFalse();
      makeUp();
      assertThat(acquired.isStill(acquired.vmm())).isFalse();
      assertThat(poll(vm, block)).isNegative();
    }
  }

  private static long poll(StatsObject vm, MemorySegment block) throws InterruptedException {
    vm.bytes().askAnew();
    vm.bytes().awaitAnew(System.nanoTime() + 20_000_000_000L);
    return vm.bytes().tryPread(block, 0);
  }

  private String refusal(KvmFd... vcpus) throws IOException {
    try (AcquiredVmm acquired = acquirer().acquire(vmm(vcpus))) {
      assertThat(acquired.objects()).isEmpty();
      return acquired.shortfall().orElseThrow();
    }
  }

  @Test
  void aFolderOfAnotherVmIsRefused() throws Exception {
    makeUp();
    assertThat(refusal(vcpu(0))).contains("; debugfs: ").endsWith("[0, 1], and the VMM [0]");
    write("vcpu0/pid", "1\n", "r--r--r--");
    assertThat(refusal(vcpu(0), vcpu(1))).endsWith("says 1, which is no thread of the VMM");
  }

  @Test
  void whatIsNotThereIsSaid() throws Exception {
    assertThat(refusal(vcpu(0))).endsWith("/" + SELF + "-11 is not there");
    write("vcpu0/pid", "0\n", "r--r--r--"); // It has not run yet.
    assertThat(refusal(vcpu(0))).endsWith("-11 has no statistics");
  }

  @Test
  void anotherSourceLeavesNothingToDo() throws Exception {
    makeUp();
    FurtherSource other =
        (vmm, missing) -> {
          List<StatsObject> objects = new ArrayList<>();
          for (KvmFd fd : missing) {
            objects.add(
                new StatsObject(
                    fd, new StatsFile("", new Schema(List.of()), 0), new Nothing(), Source.QMP));
          }
          return new FurtherSource.Found(objects, Optional.of("it costs this and that"));
        };
    FurtherSource broken =
        (vmm, missing) -> {
          throw new IOException("qmp: broken");
        };
    Debugfs debugfs = new Debugfs(Path.of("/proc"), folder);
    try (AcquiredVmm acquired =
        new Acquirer(false, List.of(broken, other), debugfs).acquire(vmm(vcpu(1), vcpu(0)))) {
      assertThat(acquired.objects()).extracting(StatsObject::vcpu).containsExactly(-1, 0, 1);
      assertThat(acquired.source()).contains(Source.QMP);
      assertThat(acquired.shortfall().orElseThrow())
          .endsWith("; qmp: broken; it costs this and that");
    }
    try (AcquiredVmm acquired =
        new Acquirer(false, List.of(broken), debugfs).acquire(vmm(vcpu(1), vcpu(0)))) {
      assertThat(acquired.source()).contains(Source.DEBUGFS);
      assertThat(acquired.shortfall().orElseThrow()).contains("; qmp: broken; debugfs has");
    }
  }

  private record Nothing() implements StatsBytes {
    @Override
    public long tryPread(MemorySegment into, long offset) {
      return 0;
    }

    @Override
    public long read(long offset, MemorySegment into) {
      return 0;
    }

    @Override
    public boolean isHeldBy(int pid, int number) {
      return true;
    }

    @Override
    public void close() {}
  }

  @Test
  void itIsFoundByItsType() {
    assertThat(
            Debugfs.mount(
                """
                22 1 0:20 / /proc rw - proc proc rw
                41 22 0:41 / /sys/kernel/debug rw - fuse.debugfs debugfs rw
                42 22 0:42 / /srv/debugfs rw - tmpfs debugfs rw
                43 27 0:8 /kvm /mnt/kvm rw,relatime shared:7 - debugfs none rw
                44 27 0:8 / /mnt/with\\040a\\134blank rw,relatime shared:7 - debugfs none rw
                """))
        .contains("/mnt/with a\\blank");
    assertThat(Debugfs.mount("1 2 0:4 / /sys/kernel/debug rw - sysfs debugfs rw\n")).isEmpty();
    assertThat(Debugfs.mount("")).isEmpty();
    assertThat(Debugfs.mount(" - debugfs \n - \nnonsense")).isEmpty();
  }

  /** In the C locale it may be one of other letters; what no locale can have is the same. */
  @Test
  void aMountPointThatIsNoPathIsSaid() throws Exception {
    Path self = Files.createDirectories(folder.resolve("proc/self"));
    Files.createDirectory(self.resolve("ns"));
    Files.createSymbolicLink(self.resolve("ns/pid"), Path.of("pid:[4026531836]"));
    String mounts =
        """
        42 27 0:9 / /mnt/\u00ff rw - tmpfs none rw
        43 27 0:8 / /mnt/\\000 rw - debugfs none rw
        """;
    Files.writeString(self.resolve("mountinfo"), mounts, StandardCharsets.ISO_8859_1);
    Acquirer acquirer = new Acquirer(false, List.of(), new Debugfs(folder.resolve("proc"), null));
    try (AcquiredVmm acquired = acquirer.acquire(vmm(vcpu(0)))) {
      assertThat(acquired.shortfall().orElseThrow())
          .endsWith("; debugfs: mounted at a path that this locale can't have");
    }
  }

  /**
   * The kernel's own folder, mounted where nobody else sees it. Under lockdown most of it can't be
   * read, by root either.
   */
  @Test
  void theKernelsIsReadOrSaidToBeUnreadable() throws Exception {
    Machine.assumeKvm();
    List<String> command =
        new ArrayList<>(
            List.of(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount -t debugfs none \"$0\" && exec \"$@\"",
                folder.toString()));
    assumeTrue(
        Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)
            && run(List.of(
                    command.get(0), "-m", "sh", "-c", command.get(4), command.get(5), "true"))
                .isEmpty(),
        "needs root, unshare and leave to mount debugfs");
    command.addAll(Machine.java("io.kvmstats.acquire.DebugfsMain"));
    String said = run(command);
    assertThat(said).startsWith("debugfs ").doesNotContain("Exception");
    boolean isLockedDown = said.contains("locked down");
    // Its instant values have no write bit, and are not locked.
    assertThat(said).contains(" blocking=", " pages_4k=");
    assertThat(said.contains(" exits=")).as(said).isEqualTo(!isLockedDown);
    assertThat(said).doesNotContain("_hist");
    assertThat(said.contains("most of it is unreadable, since the kernel is locked down"))
        .isEqualTo(isLockedDown);
  }

  private static String run(List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return said;
  }
}
