package io.kvmstats.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.linux.Kvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real guests: each life moves the statistics that it is there to move, until it is stopped. */
class GuestTest {
  private Kvm kvm;

  static void assumeKvm() {
    Path device = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "needs /dev/kvm, and permission to read and write it");
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the guests' code is for x86");
  }

  @BeforeEach
  void open() throws IOException {
    assumeKvm();
    kvm = Kvm.open();
  }

  @AfterEach
  void close() {
    if (kvm != null) {
      kvm.close();
    }
  }

  @Test
  void haltSleepsAndIsWoken() throws Exception {
    try (Guest _ = Guest.start(kvm, List.of(Life.HALT));
        OwnStats stats = OwnStats.ofVcpu(0)) {
      stats.await(now -> now.value("halt_exits") > 100 && now.sum("halt_wait_hist") > 20);
      assertThat(stats.read().value("halt_wait_ns")).isPositive();
      assertThat(stats.read().value("mmio_exits")).isZero();
    }
  }

  @Test
  void portIoExits() throws Exception {
    try (Guest _ = Guest.start(kvm, List.of(Life.PORT_IO));
        OwnStats stats = OwnStats.ofVcpu(0)) {
      // Counted as what it is by a processor's virtualization, as an instruction by an emulator.
      stats.await(now ->
          now.value("exits") > 1000
              && Math.max(now.value("io_exits"), now.value("insn_emulation")) > 1000);
      assertThat(stats.read().value("mmio_exits")).isZero();
    }
  }

  @Test
  void mmioExitsAndIsEmulated() throws Exception {
    try (Guest _ = Guest.start(kvm, List.of(Life.MMIO));
        OwnStats stats = OwnStats.ofVcpu(0)) {
      stats.await(now ->
          now.value("exits") > 1000
              && now.value("mmio_exits") > 1000
              && now.value("insn_emulation") > 1000);
    }
  }

  @Test
  void computeNeverHalts() throws Exception {
    try (Guest _ = Guest.start(kvm, List.of(Life.COMPUTE));
        OwnStats stats = OwnStats.ofVcpu(0)) {
      // The host's timer ends its run, if nothing else does.
      stats.await(now -> now.value("exits") > 50);
      assertThat(stats.read().value("halt_exits")).isZero();
      assertThat(stats.read().value("mmio_exits")).isZero();
    }
  }

  @Test
  void stoppedStatisticsStandStill() throws Exception {
    try (Guest guest = Guest.start(kvm, List.of(Life.HALT, Life.PORT_IO));
        OwnStats first = OwnStats.ofVcpu(0);
        OwnStats second = OwnStats.ofVcpu(1)) {
      first.await(now -> now.value("halt_exits") > 10);
      second.await(now -> now.value("exits") > 100);
      guest.stop();
      Map<String, List<Long>> firstThen = first.read().all();
      Map<String, List<Long>> secondThen = second.read().all();
      assertThat(threads()).isEmpty();
      assertThat(first.read().all()).isEqualTo(firstThen);
      assertThat(second.read().all()).isEqualTo(secondThen);
      guest.stop();
    }
  }

  @Test
  void everyVcpuLivesItsOwnLife() throws Exception {
    List<Life> lives = List.of(Life.COMPUTE, Life.HALT, Life.MMIO);
    try (Guest _ = Guest.start(kvm, lives);
        OwnStats compute = OwnStats.ofVcpu(0);
        OwnStats halt = OwnStats.ofVcpu(1);
        OwnStats mmio = OwnStats.ofVcpu(2)) {
      assertThat(threads()).containsExactly("CPU 0/KVM", "CPU 1/KVM", "CPU 2/KVM");
      halt.await(now -> now.value("halt_exits") > 10);
      mmio.await(now -> now.value("mmio_exits") > 100);
      compute.await(now -> now.value("exits") > 10);
      assertThat(compute.read().value("halt_exits")).isZero();
      assertThat(halt.read().value("mmio_exits")).isZero();
    }
  }

  @Test
  void leavesNoThreadAndNothingOpen() throws Exception {
    for (int i = 0; i < 25; i++) {
      Guest guest = Guest.start(kvm, List.of(Life.COMPUTE, Life.MMIO));
      assertThat(threads()).hasSize(2);
      guest.close();
      guest.close();
    }
    assertThat(threads()).isEmpty();
    assertThat(OwnStats.kvmLinks()).containsExactly("/dev/kvm");
  }

  @Test
  void refusesNoVcpusAndTooMany() throws Exception {
    assertThatIllegalArgumentException().isThrownBy(() -> Guest.start(kvm, List.of()));
    List<Life> tooMany = Collections.nCopies(Guest.VCPUS_MAX + 1, Life.HALT);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Guest.start(kvm, tooMany))
        .withMessage("1 to 64 vCPUs, not 65");
    assertThat(OwnStats.kvmLinks()).containsExactly("/dev/kvm");
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.matches("CPU \\d+/KVM"))
        .sorted()
        .toList();
  }
}
