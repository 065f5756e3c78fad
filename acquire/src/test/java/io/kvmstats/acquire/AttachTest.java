package io.kvmstats.acquire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.discover.VmmThread;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import io.kvmstats.linux.Pidfd;
import io.kvmstats.linux.Tracee;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** VMMs that keep no stats fd open: Debian's QEMU, and one of a page of C (attach-vmm.c). */
class AttachTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** What a VMM that can't be attached to may cost at most. */
  private static final Duration REFUSED = Duration.ofSeconds(12);

  private static final int ATTACHES = 1000;

  @TempDir private static Path folder;

  private final Acquirer acquirer = new Acquirer(true, List.of(), Machine::noDebugfs);

  @BeforeAll
  static void compile() throws Exception {
    Machine.assumeKvm();
    requireInstalled("cc");
    Process cc =
        new ProcessBuilder(
                "cc",
                "-O1",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-pthread",
                "-o",
                program(),
                "src/test/c/attach-vmm.c")
            .inheritIO()
            .start();
    assertThat(cc.waitFor()).isZero();
  }

  @BeforeEach
  void assumeKvm() {
    Machine.assumeKvm();
  }

  private static String program() {
    return folder.resolve("attach-vmm").toString();
  }

  private static void requireInstalled(String program) {
    boolean installed =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(f -> Files.isExecutable(Path.of(f).resolve(program)));
    assumeTrue(installed, "needs " + program + ", which is not installed");
  }

  private static Optional<Vmm> scan(int pid) throws IOException {
    Optional<Vmm> found = Optional.empty();
    for (Vmm vmm : new Host().scan().vmms()) {
      if (vmm.pid() == pid) {
        found = Optional.of(vmm);
      } else {
        vmm.close();
      }
    }
    return found;
  }

  private static Vmm find(int pid) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    Optional<Vmm> found = scan(pid);
    while (found.isEmpty() || found.get().vcpus().size() < 2) {
      assertThat(System.nanoTime()).as("process " + pid + " has two vCPUs").isLessThan(deadline);
      found.ifPresent(Vmm::close);
      Thread.sleep(20);
      found = scan(pid);
    }
    return found.get();
  }

  /** {@return what a scan would find that takes no time} */
  private static Vmm again(Vmm vmm) throws IOException {
    return new Vmm(
        Pidfd.open(vmm.pid()),
        vmm.key(),
        vmm.program(),
        vmm.identity(),
        vmm.vms(),
        vmm.vcpus(),
        vmm.vmStats(),
        vmm.vcpuStats());
  }

  private AcquiredVmm acquire(Beside vmm) throws Exception {
    return acquirer.acquire(find(vmm.pid()));
  }

  private static Beside qemu(Path socket) throws IOException {
    requireInstalled("qemu-system-x86_64");
    return Beside.start(
        false,
        "qemu-system-x86_64",
        "-accel",
        "kvm",
        "-machine",
        "q35",
        "-smp",
        "2",
        "-nodefaults",
        "-display",
        "none",
        "-name",
        "attach-test,debug-threads=on",
        "-qmp",
        "unix:" + socket + ",server=on,wait=off");
  }

  /** {@return what QEMU says of its state} */
  private static String status(Path socket) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      String commands = "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-status\"}";
      channel.write(ByteBuffer.wrap(commands.getBytes(StandardCharsets.UTF_8)));
      StringBuilder said = new StringBuilder();
      ByteBuffer buffer = ByteBuffer.allocate(4096);
      while (said.indexOf("\"status\"") < 0 && channel.read(buffer) >= 0) {
        said.append(StandardCharsets.UTF_8.decode(buffer.flip()));
        buffer.clear();
      }
      return said.toString();
    }
  }

  private static List<String> links(Path process) throws IOException {
    List<String> links = new ArrayList<>();
    try (var fds = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path fd : fds) {
        try {
          links.add(Files.readSymbolicLink(fd).toString());
        } catch (NoSuchFileException e) {
          // Closed meanwhile.
        }
      }
    }
    return links;
  }

  private static void assertHoldsNoStats(Beside vmm) throws IOException {
    assertThat(links(Path.of("/proc/" + vmm.pid())))
        .contains("anon_inode:kvm-vm")
        .noneMatch(link -> link.contains("stats"));
  }

  private static long value(StatsObject object, String name) {
    Descriptor descriptor = object.file().schema().find(name).orElseThrow();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
      long at = object.file().dataOffset() + descriptor.offset();
      assertThat(object.bytes().tryPread(value, at)).isEqualTo(Long.BYTES);
      return value.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  private static void awaitMore(StatsObject object, String name) throws InterruptedException {
    long before = value(object, name);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (value(object, name) <= before) {
      assertThat(System.nanoTime()).as(name + " grows").isLessThan(deadline);
      Thread.sleep(5);
    }
  }

  private static void assertWhole(AcquiredVmm acquired, Integer... vcpus) {
    assertThat(acquired.shortfall()).isEmpty();
    assertThat(acquired.source()).contains(Source.ATTACH);
    assertThat(acquired.objects()).extracting(StatsObject::vcpu).containsExactly(vcpus);
    assertThat(acquired.objects()).extracting(StatsObject::source).containsOnly(Source.ATTACH);
  }

  private static List<String> ours() throws IOException {
    return links(Path.of("/proc/self")).stream()
        .filter(link -> link.startsWith("anon_inode:kvm") || link.contains("pidfd"))
        .sorted()
        .toList();
  }

  @Test
  void qemuRunsOnAfterAThousandAttaches() throws Exception {
    Path socket = folder.resolve("thousand");
    List<String> before = ours();
    try (Beside qemu = qemu(socket)) {
      Vmm found = find(qemu.pid());
      for (int i = 0; i < ATTACHES; i += 3) { // The VM, and its two vCPUs.
        try (AcquiredVmm acquired = acquirer.acquire(again(found))) {
          assertWhole(acquired, -1, 0, 1);
          assertThat(acquired.objects().get(2).file().id()).endsWith("/vcpu-1");
        }
      }
      found.close();
      assertThat(status(socket)).contains("\"status\": \"running\"");
      assertHoldsNoStats(qemu);
      try (AcquiredVmm acquired = acquire(qemu)) {
        awaitMore(acquired.objects().get(1), "exits");
        Vmm again = find(qemu.pid());
        assertThat(acquired.isStill(again)).isTrue();
        again.close();
      }
    }
    assertThat(ours()).isEqualTo(before);
  }

  @Test
  void aStoppedQemuIsLeftAlone() throws Exception {
    Path socket = folder.resolve("stopped");
    try (Beside qemu = qemu(socket)) {
      find(qemu.pid()).close();
      assertThat(status(socket)).contains("running");
      qemu.signal("STOP");
      long start = System.nanoTime();
      try (AcquiredVmm acquired = acquire(qemu)) {
        assertThat(acquired.objects()).isEmpty();
        assertThat(acquired.shortfall().orElseThrow())
            .contains("is stopped by a signal: let it go on ('kill -CONT')");
        assertThat(acquired.isIncomplete()).isTrue();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(REFUSED);
        qemu.signal("CONT");
        try (AcquiredVmm now = new Acquirer(true, List.of()).retry(acquired)) {
          assertWhole(now, -1, 0, 1);
          assertThat(now.refused()).isFalse();
          awaitMore(now.objects().get(1), "exits");
        }
      }
      assertThat(status(socket)).contains("\"status\": \"running\"");
    }
  }

  @Test
  void aQemuThatIsKilledMeanwhileIsRefusedAndNothingElse() throws Exception {
    for (int i = 0; i < 5; i++) {
      List<String> before = ours();
      try (Beside qemu = qemu(folder.resolve("killed" + i))) {
        find(qemu.pid()).close();
        int millis = i;
        Thread killer =
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    Thread.sleep(10L * millis);
                    qemu.signal("KILL");
                  } catch (Exception e) {
                    throw new IllegalStateException(e);
                  }
                });
        String why = "";
        for (Optional<Vmm> vmm = scan(qemu.pid()); vmm.isPresent(); vmm = scan(qemu.pid())) {
          try (AcquiredVmm acquired = acquirer.acquire(vmm.get())) {
            why = acquired.shortfall().orElse(why);
          }
        }
        killer.join();
        assertThat(why).doesNotContain("null").doesNotContain("Exception");
      }
      assertThat(ours()).isEqualTo(before);
    }
  }

  /** Its threads have no names, and of the one that runs vCPU 0 /proc only tells that it runs. */
  @Test
  void aVmmWithoutNamesIsReadWhileItIsBusy() throws Exception {
    try (Beside vmm = Beside.start(true, program(), "busy")) {
      try (AcquiredVmm acquired = acquire(vmm)) {
        assertWhole(acquired, -1, 0, 1);
        awaitMore(acquired.objects().get(1), "exits");
      }
      assertHoldsNoStats(vmm);
      vmm.assertEndsWell();
    }
  }

  @Test
  void aVmmWhoseFilterWouldKillItIsReadAndLives() throws Exception {
    assumeTrue(
        Files.readString(Path.of("/proc/self/status")).contains("Seccomp:\t0")
            && Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0),
        "needs root and no seccomp filter of our own, to suspend another's");
    try (Beside vmm = Beside.start(true, program(), "filtered")) {
      for (int i = 0; i < 20; i++) {
        try (AcquiredVmm acquired = acquire(vmm)) {
          assertWhole(acquired, -1, 0, 1);
        }
      }
      assertHoldsNoStats(vmm);
      vmm.assertEndsWell();
    }
  }

  @Test
  void severalVmsOfAProcessAreAllRead() throws Exception {
    try (Beside vmm = Beside.start(true, program(), "busy", "2")) {
      try (AcquiredVmm acquired = acquire(vmm)) {
        assertWhole(acquired, -1, -1, 0, 0, 1, 1);
        assertThat(acquired.objects())
            .extracting(object -> object.held().number())
            .doesNotHaveDuplicates();
        awaitMore(acquired.objects().get(2), "exits");
        awaitMore(acquired.objects().get(3), "exits");
      }
      vmm.assertEndsWell();
    }
  }

  /** Whose first thread's stops Java would take for its end, as it waits for its children's. */
  @Test
  void aChildOfThisProcessIsRead() throws Exception {
    try (GuestProcess child = GuestProcess.start("child", List.of(Life.HALT, Life.COMPUTE))) {
      Vmm found = find(child.awaitRunning().pid());
      for (int i = 0; i < 10; i++) {
        try (AcquiredVmm acquired = acquirer.acquire(withoutStats(found))) {
          assertWhole(acquired, -1, 0, 1);
        }
      }
      found.close();
      assertThat(ProcessHandle.of(child.pid()).orElseThrow().isAlive()).isTrue();
      try (AcquiredVmm acquired = acquirer.acquire(find(child.pid()))) {
        awaitMore(acquired.objects().get(1), "halt_exits");
      }
    }
  }

  /** {@return the same VMM, taken for one that keeps no stats fds} */
  private static Vmm withoutStats(Vmm vmm) throws IOException {
    return new Vmm(
        Pidfd.open(vmm.pid()),
        vmm.key(),
        vmm.program(),
        vmm.identity(),
        vmm.vms(),
        vmm.vcpus(),
        List.of(),
        List.of());
  }

  /** To open its stats fd on the wrong thread would hang that one as soon as it runs. */
  @Test
  void aVcpuThatNobodyIsSeenToRunIsRefusedAndTheVmIsRead() throws Exception {
    try (Beside vmm = Beside.start(true, program(), "idle")) {
      try (AcquiredVmm acquired = acquire(vmm)) {
        assertThat(acquired.objects()).extracting(StatsObject::vcpu).containsExactly(-1);
        assertThat(acquired.shortfall().orElseThrow())
            .startsWith("anon_inode:kvm-vcpu:0: none of the VMM's threads is seen to run it")
            .endsWith("try again when the guest runs; and 1 more like this");
      }
      vmm.assertEndsWell();
    }
  }

  @Test
  void aVmThatWasMadeAnewWithTheSameNumbersIsAnother() throws Exception {
    try (Beside vmm = Beside.start(true, program(), "idle");
        AcquiredVmm acquired = acquire(vmm)) {
      Vmm same = find(vmm.pid());
      assertThat(acquired.isStill(same)).isTrue();
      vmm.say("");
      assertThat(vmm.output().readLine()).isEqualTo("again");
      Vmm other = find(vmm.pid());
      assertThat(other.holdsTheSameAs(same)).isTrue();
      assertThat(acquired.isStill(other)).isFalse();
      same.close();
      other.close();
    }
  }

  /** As every thread does now and then, on a busy machine. */
  @Test
  void aThreadThatCantBeInterruptedForAMomentIsWaitedFor() throws Exception {
    try (Beside vmm = Beside.start(true, program(), "waits")) {
      Vmm found = find(vmm.pid());
      vmm.say("");
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (!cantBeInterrupted(vmm.pid(), "CPU 0/KVM")) {
        assertThat(System.nanoTime()).as("it waits").isLessThan(deadline);
        Thread.sleep(1);
      }
      try (AcquiredVmm acquired = acquirer.acquire(found)) {
        assertWhole(acquired, -1, 0, 1);
        awaitMore(acquired.objects().get(1), "exits");
      }
      vmm.assertEndsWell();
    }
  }

  /** Nor does it have its name as soon as it is there. */
  private static boolean cantBeInterrupted(int pid, String name) throws IOException {
    return VmmThread.of(pid).stream()
        .anyMatch(thread -> thread.name().equals(name) && thread.state() == 'D');
  }

  @Test
  void aVmmThatIsTracedIsRefused() throws Exception {
    try (Beside vmm = Beside.start(true, program(), "busy")) {
      find(vmm.pid()).close();
      CountDownLatch traced = new CountDownLatch(1);
      CountDownLatch over = new CountDownLatch(1);
      Thread tracer =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  for (VmmThread thread : VmmThread.of(vmm.pid())) {
                    if (thread.call().what() != VmmThread.What.KERNELS_OWN) {
                      Tracee.seize(thread.tid(), PATIENCE, () -> {});
                    }
                  }
                  traced.countDown();
                  over.await();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      traced.await();
      try (AcquiredVmm acquired = acquire(vmm)) {
        assertThat(acquired.objects()).isEmpty();
        assertThat(acquired.shortfall().orElseThrow()).contains("is traced already, by thread ");
      } finally {
        over.countDown();
        tracer.join();
      }
      try (AcquiredVmm acquired = acquire(vmm)) {
        assertWhole(acquired, -1, 0, 1);
      }
      vmm.assertEndsWell();
    }
  }
}
