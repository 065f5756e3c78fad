package io.kvmstats.collect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.kvmstats.acquire.StatsBytes;
import io.kvmstats.collect.CollectedVmm.CollectedObject;
import io.kvmstats.core.model.Sample;
import io.kvmstats.discover.Vmm;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The whole flow on VMs that come and go. */
class CollectorTest {
  private static final int TRIES = 200;

  @BeforeEach
  void assumeKvm() {
    Path device = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "needs /dev/kvm, and permission to read and write it");
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the guests' code is for x86");
  }

  private static GuestProcess guest() throws IOException {
    return GuestProcess.start("collected", List.of(Life.HALT, Life.MMIO)).awaitRunning();
  }

  private static boolean isOurs(Vmm vmm) {
    return vmm.name().filter(name -> name.text().equals("collected")).isPresent();
  }

  private static long openFds() throws IOException {
    try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
      return fds.count();
    }
  }

  @Test
  void aVmThatEndsIsLetGoAndTheOtherIsReadOn() throws IOException {
    try (GuestProcess stays = guest();
        Collector collector = new Collector(CollectorTest::isOurs)) {
      collector.refresh();
      long before = openFds();
      GuestProcess ends = guest();
      collector.refresh();
      collector.sweep();
      assertThat(collector.collected()).hasSize(2);
      List<Slot> slots =
          collector.collected().stream()
              .filter(vmm -> vmm.acquired().vmm().pid() == ends.pid())
              .flatMap(vmm -> vmm.objects().stream())
              .map(CollectedObject::slot)
              .toList();
      assertThat(slots).hasSize(3).allMatch(slot -> slot.read().isPresent());

      ends.kill();
      collector.sweep(); // Between its end and the next look: reads what the VM came to.
      assertThat(slots).allMatch(slot -> slot.read().isPresent());
      collector.refresh();
      collector.sweep();
      assertThat(collector.collected()).hasSize(1);
      assertThat(collector.collected().getFirst().acquired().vmm().pid()).isEqualTo(stays.pid());
      assertThat(slots).allMatch(slot -> slot.read().isEmpty());
      ends.close();
      assertThat(openFds()).isEqualTo(before);
      assertThat(collector.collected().getFirst().objects())
          .hasSize(3)
          .allMatch(object -> object.slot().read().orElseThrow().previous().isPresent());
    }
  }

  /** What KVM counts, and how long their threads ran and waited. */
  @Test
  void aSweepOfVcpusAllocatesNothing() throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (GuestProcess guest = guest();
        Collector collector = new Collector(vmm -> vmm.pid() == guest.pid())) {
      collector.refresh();
      // Not before it is compiled, and how soon that is, is the machine's to say.
      long allocated = Long.MAX_VALUE;
      for (int batch = 0; batch < 100 && allocated > 0; batch++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 10_000; i++) {
          collector.sweep();
        }
        allocated = threads.getCurrentThreadAllocatedBytes() - before;
      }
      assertThat(allocated).isZero();
      Sample vcpu =
          collector.collected().getFirst().objects().getLast().slot().read().orElseThrow().latest();
      assertThat(vcpu.has(vcpu.schema().find("schedstat.wait_ns").orElseThrow())).isTrue();
    }
  }

  @Test
  void aPidThatIsUsedAgainIsAnotherVm() throws IOException {
    Path lastPid = Path.of("/proc/sys/kernel/ns_last_pid");
    assumeTrue(Files.isWritable(lastPid), "only root can have a pid used again");
    try (Collector collector = new Collector(CollectorTest::isOurs)) {
      GuestProcess first = guest();
      collector.refresh();
      collector.sweep();
      CollectedVmm before = collector.collected().getFirst();
      int pid = first.pid();
      first.kill();
      first.close();

      GuestProcess second = startAs(lastPid, pid);
      try {
        assumeTrue(second.pid() == pid, "the pid was never free at the right moment");
        second.awaitRunning();
        collector.refresh();
        collector.sweep();
        CollectedVmm after = collector.collected().getFirst();
        assertThat(after.acquired().vmm().pid()).isEqualTo(pid);
        assertThat(after.acquired().vmm().key()).isNotEqualTo(before.acquired().vmm().key());
        assertThat(before.objects()).allMatch(object -> object.slot().read().isEmpty());
        // Nothing of the first one's is there to make a rate of.
        assertThat(after.objects())
            .hasSize(3)
            .allMatch(object -> object.slot().read().orElseThrow().previous().isEmpty());
        assertThat(before.objects()).noneMatch(object -> isOpen(object.object().bytes()));
      } finally {
        second.close();
      }
    }
  }

  /** As a VMM does at a reboot: the new VM's descriptors get the old ones' numbers. */
  @Test
  void aVmThatIsMadeAnewInTheSameProcessIsAnotherVm() throws IOException {
    int self = Math.toIntExact(ProcessHandle.current().pid());
    try (Kvm kvm = Kvm.open();
        Collector collector = new Collector(vmm -> vmm.pid() == self)) {
      CollectedObject first;
      KvmVm vm = kvm.createVm();
      try (Fd stats = vm.statsFd()) {
        collector.refresh();
        first = collector.collected().getFirst().objects().getFirst();
        assertThat(first.object().bytes().isHeldBy(self, stats.number())).isTrue();
        collector.refresh();
        assertThat(collector.collected().getFirst().objects()).containsExactly(first);
      } finally {
        vm.close();
      }
      vm = kvm.createVm();
      try (Fd stats = vm.statsFd()) {
        collector.refresh();
        collector.sweep();
        CollectedObject second = collector.collected().getFirst().objects().getFirst();
        assumeTrue(
            second.object().held().equals(first.object().held()),
            "another thread took the numbers in between");
        assertThat(first.slot().read()).isEmpty();
        assertThat(isOpen(first.object().bytes())).isFalse();
        assertThat(second.slot().read()).isPresent();
        assertThat(second.object().bytes().isHeldBy(self, stats.number())).isTrue();
      } finally {
        vm.close();
      }
    }
  }

  private static boolean isOpen(StatsBytes bytes) {
    try {
      return bytes.read(0, MemorySegment.ofArray(new byte[1])) == 1;
    } catch (IllegalStateException e) {
      return false; // Of a descriptor that is closed.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Other processes take pids too, so this may take a few tries. */
  private static GuestProcess startAs(Path lastPid, int pid) throws IOException {
    for (int i = 0; i < TRIES; i++) {
      Files.writeString(lastPid, Integer.toString(pid - 1));
      GuestProcess process = GuestProcess.start("collected", List.of(Life.HALT, Life.MMIO));
      if (process.pid() == pid || i == TRIES - 1) {
        return process;
      }
      process.kill();
      process.close();
    }
    throw new IllegalStateException("not reached");
  }
}
