package io.kvmstats.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's QEMU, with two vCPUs and two QMP sockets. */
class QmpQemuTest {
  @TempDir private Path folder;

  @BeforeAll
  static void assumeThere() {
    Qemu.assumeThere();
  }

  private static List<MemorySegment> blocks(QmpVm vm) {
    return vm.objects().stream()
        .map(object -> MemorySegment.ofArray(new long[(int) object.schema().dataBytes() / 8]))
        .toList();
  }

  /** {@return what is valid of a data block, by "vCPU statistic"} */
  private static Map<String, List<Long>> values(
      int vcpu, Schema schema, MemorySegment block, long valid) {
    Map<String, List<Long>> values = new TreeMap<>();
    for (Descriptor stat : ofKvm(schema)) {
      if (stat.end() <= valid) {
        List<Long> numbers = new ArrayList<>();
        for (int i = 0; i < stat.size(); i++) {
          numbers.add(block.get(ValueLayout.JAVA_LONG_UNALIGNED, stat.offset() + 8L * i));
        }
        values.put(vcpu + " " + stat.name(), numbers);
      }
    }
    return values;
  }

  private static Map<String, List<Long>> byQmp(QmpVm vm) throws IOException {
    List<MemorySegment> blocks = blocks(vm);
    List<Long> valid = vm.query(blocks);
    Map<String, List<Long>> all = new TreeMap<>();
    for (int i = 0; i < blocks.size(); i++) {
      QmpVm.QmpObject object = vm.objects().get(i);
      assertThat(valid.get(i)).isEqualTo(object.schema().dataBytes());
      all.putAll(values(object.vcpu(), object.schema(), blocks.get(i), valid.get(i)));
    }
    return all;
  }

  private static Map<String, List<Long>> byAttach(AcquiredVmm vm) {
    Map<String, List<Long>> all = new TreeMap<>();
    try (Arena arena = Arena.ofConfined()) {
      for (StatsObject object : vm.objects()) {
        Schema schema = object.file().schema();
        MemorySegment block = arena.allocate(schema.dataBytes(), Long.BYTES);
        assertThat(object.bytes().tryPread(block, object.file().dataOffset()))
            .isEqualTo(block.byteSize());
        all.putAll(values(object.vcpu(), schema, block, block.byteSize()));
      }
    }
    return all;
  }

  /** Without what we add: QEMU can't know of that. */
  private static List<Descriptor> ofKvm(Schema schema) {
    return schema.descriptors().stream().filter(d -> d.name().indexOf('.') < 0).toList();
  }

  /** What a statistic is, apart from where its values are. */
  private static Map<String, String> meanings(Schema schema) {
    Map<String, String> meanings = new TreeMap<>();
    for (Descriptor d : ofKvm(schema)) {
      meanings.put(
          d.name(), d.flags() + " " + d.exponent() + " " + d.size() + " " + d.bucketSize());
    }
    return meanings;
  }

  private static long halts(Map<String, List<Long>> values) {
    return Stream.of("0 halt_wait_hist", "1 halt_wait_hist")
        .flatMap(name -> values.get(name).stream())
        .mapToLong(count -> count)
        .sum();
  }

  /** A thread that is made ready for its vCPU can't be stopped at some times. */
  private static AcquiredVmm attach(Qemu qemu) throws Exception {
    Acquirer acquirer = new Acquirer(true, List.of());
    long deadline = System.nanoTime() + Qemu.PATIENCE.toNanos();
    AcquiredVmm attached = acquirer.acquire(qemu.vmm());
    while (attached.shortfall().isPresent()) {
      assertThat(System.nanoTime()).as(attached.shortfall().get()).isLessThan(deadline);
      attached.close();
      Thread.sleep(20);
      attached = acquirer.acquire(qemu.vmm());
    }
    return attached;
  }

  @Test
  void itSaysWhatTheKernelDoes() throws Exception {
    try (Qemu qemu = Qemu.start(folder, "2", 2);
        Vmm vmm = qemu.vmm();
        QmpVm qmp = QmpVm.open(vmm);
        AcquiredVmm attached = attach(qemu)) {
      assertThat(attached.objects()).hasSize(3);
      assertThat(qmp.objects()).extracting(QmpVm.QmpObject::vcpu).containsExactly(-1, 0, 1);
      assertThat(qmp.objects().get(1).id()).startsWith("/machine/");
      for (int i = 0; i < 3; i++) {
        assertThat(meanings(qmp.objects().get(i).schema()))
            .isEqualTo(meanings(attached.objects().get(i).file().schema()));
      }

      // While the guest runs: no value before or beyond those that the kernel had around it.
      Map<String, List<Long>> before = byAttach(attached);
      Map<String, List<Long>> asked = byQmp(qmp);
      Map<String, List<Long>> after = byAttach(attached);
      assertThat(asked.keySet()).isEqualTo(before.keySet());
      for (StatsObject object : attached.objects()) {
        for (Descriptor stat : ofKvm(object.file().schema())) {
          if (stat.type().isCumulative() || stat.type() == StatType.PEAK) {
            String name = object.vcpu() + " " + stat.name();
            for (int i = 0; i < stat.size(); i++) {
              assertThat(asked.get(name).get(i))
                  .as(name + " " + i)
                  .isBetween(before.get(name).get(i), after.get(name).get(i));
            }
          }
        }
      }

      // While it does not: exactly the same, histograms included, and these have something in them.
      long deadline = System.nanoTime() + Qemu.PATIENCE.toNanos();
      while (halts(byAttach(attached)) == 0) {
        assertThat(System.nanoTime()).as("a vCPU has halted").isLessThan(deadline);
        Thread.sleep(20);
      }
      Qemu.command(qemu.second, "stop");
      assertThat(byQmp(qmp)).isEqualTo(byAttach(attached));
      assertThat(halts(byQmp(qmp))).isPositive();
      Qemu.command(qemu.second, "cont");
      assertThat(qmp.interruptsVcpus()).isEqualTo(qmp.version().matches("7.*|8.0"));
    }
  }

  /** With three cores to a socket, a local APIC's number is left out. */
  @Test
  void vcpusHaveTheNumbersThatKvmGivesThem() throws Exception {
    try (Qemu qemu = Qemu.start(folder, "6,sockets=2,cores=3", 6);
        Vmm vmm = qemu.vmm();
        QmpVm qmp = QmpVm.open(vmm)) {
      assertThat(vmm.vcpus()).extracting(KvmFd::vcpu).containsExactly(0, 1, 2, 4, 5, 6);
      assertThat(qmp.objects())
          .extracting(QmpVm.QmpObject::vcpu)
          .containsExactly(-1, 0, 1, 2, 4, 5, 6);
    }
  }

  @Test
  void aMonitorThatIsTakenIsLeftForTheNext() throws Exception {
    try (Qemu qemu = Qemu.start(folder, "2", 2);
        Vmm vmm = qemu.vmm()) {
      try (SocketChannel first = Qemu.take(qemu.first)) {
        try (QmpVm byTheSecond = QmpVm.open(vmm)) {
          byQmp(byTheSecond);
          assertThatThrownBy(() -> QmpVm.open(vmm))
              .hasMessageContaining(qemu.first + ": no greeting: a monitor serves one client")
              .hasMessageContaining("; " + qemu.second + ": no greeting");
        }
        assertThat(first.isOpen()).isTrue();
      }
      try (QmpVm again = QmpVm.open(vmm)) {
        byQmp(again);
      }
    }
  }

  @Test
  void aStoppedQemuIsNotWaitedForLongAndIsReadAgainLater() throws Exception {
    try (Qemu qemu = Qemu.start(folder, "2", 2);
        Vmm vmm = qemu.vmm();
        QmpVm qmp = QmpVm.open(vmm)) {
      Map<String, List<Long>> before = byQmp(qmp);
      qemu.signal("STOP");
      List<MemorySegment> blocks = blocks(qmp);
      long start = System.nanoTime();
      assertThatThrownBy(() -> qmp.query(blocks)).isInstanceOf(SocketTimeoutException.class);
      // The connection is broken, and made anew only after a while: no time is lost with it.
      assertThatThrownBy(() -> qmp.query(blocks)).isInstanceOf(SocketTimeoutException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
      assertThatThrownBy(() -> QmpVm.open(vmm)).hasMessageContaining("or QEMU is stopped");
      qemu.signal("CONT");
      Map<String, List<Long>> after = null;
      long deadline = System.nanoTime() + Qemu.PATIENCE.toNanos();
      while (after == null) {
        assertThat(System.nanoTime()).as("read again").isLessThan(deadline);
        try {
          after = byQmp(qmp);
        } catch (IOException e) {
          Thread.sleep(100);
        }
      }
      assertThat(after.get("0 exits").getFirst()).isGreaterThan(before.get("0 exits").getFirst());
    }
  }

  @Test
  void aQemuThatIsKilledMeanwhileEndsTheQuery() throws Exception {
    for (int i = 0; i < 3; i++) {
      try (Qemu qemu = Qemu.start(folder, "2", 2);
          Vmm vmm = qemu.vmm();
          QmpVm qmp = QmpVm.open(vmm)) {
        int millis = i;
        Thread killer =
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    Thread.sleep(7L * millis);
                    qemu.signal("KILL");
                  } catch (Exception e) {
                    throw new IllegalStateException(e);
                  }
                });
        List<MemorySegment> blocks = blocks(qmp);
        long deadline = System.nanoTime() + Qemu.PATIENCE.toNanos();
        assertThatThrownBy(
                () -> {
                  while (System.nanoTime() < deadline) {
                    qmp.query(blocks);
                  }
                })
            .isInstanceOf(IOException.class);
        killer.join();
        assertThatThrownBy(() -> QmpVm.open(vmm)).isInstanceOf(IOException.class);
      }
    }
  }
}
