package io.kvmstats.acquire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How long the threads of real vCPUs ran and waited, beside what KVM counts. */
class ThreadTimesTest {
  private static final int SELF = (int) ProcessHandle.current().pid();
  private static final String RUN = "schedstat.run_ns";
  private static final String WAIT = "schedstat.wait_ns";
  private static final long SECOND = 1_000_000_000L;

  private final Acquirer acquirer = new Acquirer();

  @BeforeEach
  void assumeKvm() {
    Machine.assumeKvm();
  }

  private AcquiredVmm acquire(int pid) throws IOException {
    Vmm found = null;
    for (Vmm vmm : new Host().scan().vmms()) {
      if (vmm.pid() == pid) {
        found = vmm;
      } else {
        vmm.close();
      }
    }
    assertThat(found).as("process " + pid).isNotNull();
    return acquirer.acquire(found);
  }

  private static StatsObject vcpu(AcquiredVmm acquired, int number) {
    return acquired.objects().stream().filter(o -> o.vcpu() == number).findFirst().orElseThrow();
  }

  /** Reads an object as a sweep does. */
  private static Sample read(StatsObject object) {
    long bytes = object.file().schema().dataBytes();
    MemorySegment data = Arena.ofAuto().allocate(bytes);
    long before = System.nanoTime();
    long n = object.bytes().tryPread(data, object.file().dataOffset());
    return new Sample(
        object.file().schema(),
        before,
        System.nanoTime(),
        data.asSlice(0, Math.clamp(n, 0, bytes)),
        ByteOrder.nativeOrder());
  }

  private static Descriptor descriptor(Sample sample, String name) {
    return sample.schema().find(name).orElseThrow();
  }

  private static OptionalLong value(Sample sample, String name) {
    Descriptor descriptor = descriptor(sample, name);
    return sample.has(descriptor)
        ? OptionalLong.of(sample.value(descriptor))
        : OptionalLong.empty();
  }

  private static OptionalLong value(StatsObject object, String name) {
    return value(read(object), name);
  }

  /** What is the kernel's is read whatever is with the thread. */
  private static void assertThatOnlyTheKernelsAreThere(StatsObject object) {
    Sample sample = read(object);
    for (Descriptor descriptor : sample.schema().descriptors()) {
      assertThat(sample.has(descriptor))
          .as(descriptor.name())
          .isEqualTo(!ThreadTimes.has(descriptor.name()));
    }
  }

  /** How much of a time a thread ran, and waited. */
  private record Shares(double ran, double waited) {
    static Shares between(Sample before, Sample after) {
      double nanos = after.midNanos() - before.midNanos();
      return new Shares(grown(before, after, RUN) / nanos, grown(before, after, WAIT) / nanos);
    }

    private static long grown(Sample before, Sample after, String name) {
      return value(after, name).orElseThrow() - value(before, name).orElseThrow();
    }
  }

  @Test
  void theyStandBehindTheKernels() throws Exception {
    try (GuestProcess guest =
            GuestProcess.start("times", List.of(Life.HALT, Life.COMPUTE)).awaitRunning();
        AcquiredVmm acquired = acquire(guest.pid())) {
      assertThat(acquired.isIncomplete()).isFalse();
      for (StatsObject vcpu : acquired.objects().subList(1, 3)) {
        List<Descriptor> all = vcpu.file().schema().descriptors();
        List<Descriptor> ours = all.subList(all.size() - 2, all.size());
        assertThat(ours).extracting(Descriptor::name).containsExactly(RUN, WAIT);
        assertThat(ours).allMatch(d -> ThreadTimes.has(d.name()));
        assertThat(ours).allMatch(d -> d.scale() == 1e-9 && d.type().isCumulative());
        assertThat(all.subList(0, all.size() - 2)).noneMatch(d -> ThreadTimes.has(d.name()));
        // The kernel's names are C's: none is like ours.
        assertThat(all.subList(0, all.size() - 2))
            .allMatch(descriptor -> descriptor.name().matches("[A-Za-z_][A-Za-z0-9_]*"));
        assertThat(value(vcpu, RUN)).isPresent();
        assertThat(value(vcpu, WAIT)).isPresent();
      }
      assertThat(acquired.objects().getFirst().file().schema().descriptors())
          .noneMatch(d -> ThreadTimes.has(d.name()));
    }
  }

  /** A thread that never sleeps runs or waits, on a machine that does anything else besides. */
  @Test
  void aBusyGuestRunsOrWaitsAllTheTime() throws Exception {
    try (GuestProcess guest = GuestProcess.start("busy", List.of(Life.COMPUTE)).awaitRunning();
        AcquiredVmm acquired = acquire(guest.pid())) {
      Sample before = read(vcpu(acquired, 0));
      Thread.sleep(2000);
      Shares shares = Shares.between(before, read(vcpu(acquired, 0)));
      assertThat(shares.ran).isBetween(0.1, 1.1);
      assertThat(shares.ran + shares.waited).isBetween(0.7, 1.3);
    }
  }

  @Test
  void twoBusyGuestsOnOneCpuWaitForEachOther() throws Exception {
    assumeTrue(
        new ProcessBuilder("sh", "-c", "command -v taskset >/dev/null").start().waitFor() == 0,
        "needs taskset, which is not installed");
    try (GuestProcess one = GuestProcess.start("one", List.of(Life.COMPUTE)).awaitRunning();
        GuestProcess two = GuestProcess.start("two", List.of(Life.COMPUTE)).awaitRunning();
        AcquiredVmm first = acquire(one.pid());
        AcquiredVmm second = acquire(two.pid())) {
      int cpu = 0;
      for (GuestProcess guest : List.of(one, two)) {
        List<String> pin =
            List.of("taskset", "-a", "-p", "-c", "" + cpu, Integer.toString(guest.pid()));
        assertThat(
                new ProcessBuilder(pin)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor())
            .isZero();
      }
      Sample firstBefore = read(vcpu(first, 0));
      Sample secondBefore = read(vcpu(second, 0));
      Thread.sleep(2000);
      Shares firstShares = Shares.between(firstBefore, read(vcpu(first, 0)));
      Shares secondShares = Shares.between(secondBefore, read(vcpu(second, 0)));
      assertThat(firstShares.waited).isGreaterThan(0.3);
      assertThat(secondShares.waited).isGreaterThan(0.3);
      assertThat(firstShares.ran + secondShares.ran).isBetween(0.1, 1.1);
    }
  }

  @Test
  void whenTheThreadHasEndedTheyAreAbsentAndTheKernelsAreThere() throws Exception {
    try (GuestProcess guest = GuestProcess.start("ends", List.of(Life.HALT)).awaitRunning();
        AcquiredVmm acquired = acquire(guest.pid())) {
      assertThat(value(vcpu(acquired, 0), RUN)).isPresent();
      guest.kill();
      assertThatOnlyTheKernelsAreThere(vcpu(acquired, 0));
    }
  }

  @Test
  void ofAVmmThatIsStoppedTheyStandStill() throws Exception {
    try (GuestProcess guest = GuestProcess.start("stopped", List.of(Life.COMPUTE)).awaitRunning();
        AcquiredVmm acquired = acquire(guest.pid())) {
      StatsObject vcpu = vcpu(acquired, 0);
      signal("STOP", guest.pid());
      try {
        long deadline = System.nanoTime() + 10 * SECOND;
        long run = value(vcpu, RUN).orElseThrow();
        boolean stands = false;
        while (!stands && System.nanoTime() < deadline) {
          Thread.sleep(300);
          long now = value(vcpu, RUN).orElseThrow();
          stands = now == run;
          run = now;
        }
        assertThat(stands).as("stands still").isTrue();
      } finally {
        signal("CONT", guest.pid());
      }
    }
  }

  private static void signal(String name, int pid) throws Exception {
    new ProcessBuilder("kill", "-" + name, Integer.toString(pid)).start().waitFor();
  }

  /** A thread of this process that makes vCPUs and runs none, under a name of its own. */
  private static final class Creator implements AutoCloseable {
    private final CompletableFuture<Path> comm = new CompletableFuture<>();
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final Thread thread;

    /** What is to be made. */
    private interface Making {
      void make() throws IOException;
    }

    Creator(Making making) throws Exception {
      thread =
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                try {
                  making.make();
                  comm.complete(Path.of("/proc/thread-self").toRealPath().resolve("comm"));
                } catch (IOException | RuntimeException e) {
                  comm.completeExceptionally(e);
                }
                end.join();
              });
      comm.get();
    }

    void name(String name) throws Exception {
      Files.writeString(comm.get(), name);
    }

    @Override
    public void close() {
      end.complete(null);
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void aThreadThatIsFoundLaterIsReadFromThenOnAndAThreadOfTwoNoMore() throws Exception {
    KvmVcpu[] vcpus = new KvmVcpu[2];
    try (Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm();
        Creator creator =
            new Creator(() -> {
              vcpus[0] = vm.createVcpu(0);
              vcpus[1] = vm.createVcpu(1);
            })) {
      try (Fd _ = vcpus[0].statsFd();
          Fd _ = vcpus[1].statsFd();
          AcquiredVmm acquired = acquire(SELF)) {
        assertThat(acquired.isIncomplete()).isTrue();
        assertThatOnlyTheKernelsAreThere(vcpu(acquired, 0));
        creator.name("vcpu0");
        assertThat(acquirer.retry(acquired)).isSameAs(acquired);
        assertThat(acquired.isIncomplete()).as("vCPU 1's is not known").isTrue();
        assertThat(value(vcpu(acquired, 0), RUN)).isPresent();
        assertThatOnlyTheKernelsAreThere(vcpu(acquired, 1));
        creator.name("vcpu1");
        acquirer.retry(acquired);
        assertThat(acquired.isIncomplete()).isFalse();
        assertThatOnlyTheKernelsAreThere(vcpu(acquired, 0));
        assertThatOnlyTheKernelsAreThere(vcpu(acquired, 1));
      }
    } finally {
      close(vcpus);
    }
  }

  /** Both vCPUs have the id kvm-TID/vcpu-0. */
  @Test
  void ofTwoVmsWhoseVcpusOneThreadMadeNeitherIsKnown() throws Exception {
    KvmVcpu[] vcpus = new KvmVcpu[2];
    try (Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm();
        KvmVm other = kvm.createVm();
        Creator creator =
            new Creator(() -> {
              vcpus[0] = vm.createVcpu(0);
              vcpus[1] = other.createVcpu(0);
            })) {
      creator.name("vcpu0");
      try (Fd _ = vcpus[0].statsFd()) {
        try (AcquiredVmm one = acquire(SELF)) {
          assertThat(one.objects()).hasSize(1);
          assertThatOnlyTheKernelsAreThere(vcpu(one, 0)); // The other one's may be the thread.
        }
        try (Fd _ = vcpus[1].statsFd();
            AcquiredVmm both = acquire(SELF)) {
          assertThat(both.objects()).hasSize(2);
          both.objects().forEach(ThreadTimesTest::assertThatOnlyTheKernelsAreThere);
        }
      }
    } finally {
      close(vcpus);
    }
  }

  private static void close(KvmVcpu[] vcpus) {
    for (KvmVcpu vcpu : vcpus) {
      Optional.ofNullable(vcpu).ifPresent(KvmVcpu::close);
    }
  }
}
