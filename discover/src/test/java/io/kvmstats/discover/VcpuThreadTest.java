package io.kvmstats.discover;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import io.kvmstats.linux.Fd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which thread runs a vCPU: by what /proc says, made up and real. */
class VcpuThreadTest {
  /** PID_MAX_LIMIT: pids are below. */
  private static final int PID = 4_194_304;

  private static final int CREATOR = 4711;
  private static final int OTHER = 4712;
  private static final String ID = "kvm-4711/vcpu-1";
  private static final KvmFd VCPU = new KvmFd(KvmFd.Kind.VCPU, 14, 1);
  private static final String RUNS = "16 0xe 0xae80 0x0 0x0 0x0 0x0 0x7f3bf5037530 0x7f3bf75b2d6b";
  private static final String RUNS_ANOTHER = RUNS.replace("0xe", "0xf");
  private static final String KERNELS_OWN = "16 0xe 0xae80 0x0 0x0 0x0 0x0 0x0 0x0";

  @TempDir private Path folder;
  private FakeProc proc;

  @BeforeEach
  void makeUp() throws IOException {
    proc = new FakeProc(folder);
    proc.process(PID, "vmm", 1, "vmm");
  }

  private void thread(int tid, String name, String call) throws IOException {
    proc.thread(PID, tid, name);
    Files.writeString(folder.resolve(PID + "/task/" + tid + "/syscall"), call + "\n");
  }

  private OptionalInt find(boolean isOnly) throws IOException {
    return new VcpuThread(new ProcFs(folder)).find(PID, List.of(VCPU), ID, isOnly);
  }

  @Test
  void theCreatorCountsIfItRunsTheVcpuOrIsNamedForIt() throws IOException {
    for (String name : List.of("CPU 1/KVM", "fc_vcpu 1", "vcpu1", "crosvm_vcpu1", "kvm-vcpu-1")) {
      thread(CREATOR, name, "running");
      assertThat(find(false)).as(name).hasValue(CREATOR);
    }
    thread(CREATOR, "any", RUNS);
    assertThat(find(false)).hasValue(CREATOR);
    thread(CREATOR, "CPU 1/KVM", RUNS_ANOTHER);
    assertThat(find(true)).isEmpty();
    thread(CREATOR, "CPU 11/KVM", "running");
    assertThat(find(true)).isEmpty();
    thread(CREATOR, "vmm", "running");
    assertThat(find(true)).isEmpty();
    thread(CREATOR, "kvm-nx-lpage-re", KERNELS_OWN);
    assertThat(find(true)).isEmpty();
  }

  @Test
  void anotherThreadIsBelievedOnlyIfThereIsOneOfItsKind() throws IOException {
    thread(CREATOR, "vmm", "running");
    thread(OTHER, "fc_vcpu 1", "running");
    assertThat(find(true)).hasValue(OTHER);
    // Of two VMs in one process the other may be meant.
    assertThat(find(false)).isEmpty();
    thread(OTHER + 1, "fc_vcpu 1", "running");
    assertThat(find(true)).isEmpty();
    thread(OTHER + 2, "any", RUNS);
    assertThat(find(true)).hasValue(OTHER + 2);
  }

  @Test
  void anIdThatIsNoneTellsNothing() throws IOException {
    thread(CREATOR, "CPU 1/KVM", "running");
    VcpuThread threads = new VcpuThread(new ProcFs(folder));
    for (String id :
        List.of(
            "", "kvm-", "kvm-4711", "kvm-4711/vcpu-2", "kvm-/vcpu-1", "kvm-4711/vcpu-11", "x")) {
      assertThat(threads.find(PID, List.of(VCPU), id, false)).as(id).isEmpty();
    }
    assertThat(threads.find(PID, List.of(), ID, true)).isEmpty();
  }

  private static String id(Fd stats) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment file = arena.allocate(64 << 10);
      long length = stats.pread(file, 0);
      return StatsFileDecoder.decode(
              ByteSource.of(file.asSlice(0, length)), ByteOrder.nativeOrder())
          .id();
    }
  }

  @Test
  void theVcpusOfARealGuestRunOnThreadsOfTheirOwn() throws Exception {
    Machine.assumeKvm();
    try (GuestProcess guest =
            GuestProcess.start("threads", List.of(Life.HALT, Life.HALT)).awaitRunning();
        Host.Scan scan = new Host().scan()) {
      Vmm vmm = scan.vmms().stream().filter(v -> v.pid() == guest.pid()).findFirst().orElseThrow();
      Set<Integer> tids = new HashSet<>();
      for (KvmFd stats : vmm.vcpuStats()) {
        try (Fd fd = vmm.process().getfd(stats.number())) {
          String id = id(fd);
          long deadline = System.nanoTime() + 10_000_000_000L;
          OptionalInt thread = OptionalInt.empty();
          while (thread.isEmpty() && System.nanoTime() < deadline) {
            thread = VcpuThread.of(vmm, stats.vcpu(), id); // Which is busy at times.
          }
          tids.add(thread.orElseThrow());
        }
      }
      assertThat(tids).hasSize(2).doesNotContain(guest.pid());
      guest.kill();
      assertThat(VcpuThread.of(vmm, 0, ID)).isEmpty();
    }
  }
}
