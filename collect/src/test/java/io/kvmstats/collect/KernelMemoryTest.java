package io.kvmstats.collect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.linux.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongPredicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A stats fd pins its whole VM in the kernel: what VMs took there comes back as soon as their end
 * is seen, and not before.
 *
 * <p>Seen by the state that the kernel has of each vCPU's floating point unit, a mapping of its own
 * (fpu_alloc_guest_fpstate, {@code arch/x86/kernel/fpu/core.c}, Linux 6.12).
 */
class KernelMemoryTest {
  private static final Path MAPPINGS = Path.of("/proc/vmallocinfo");
  private static final String OF_A_VCPU = "fpu_alloc_guest_fpstate";
  private static final int VMS = 200;

  /** Other VMs of this machine come and go meanwhile. */
  private static final int OTHERS = 80;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** In this time what is not held would be given back. */
  private static final Duration HOLD = Duration.ofSeconds(2);

  private static final Duration BETWEEN = Duration.ofMillis(20);

  private static long vcpusInKernel() throws IOException {
    try (Stream<String> lines = Files.lines(MAPPINGS)) {
      return lines.filter(line -> line.contains(OF_A_VCPU)).count();
    }
  }

  /** Memory is given back some time after the last descriptor is closed. */
  private static long await(Duration patience, LongPredicate count) throws IOException {
    long deadline = System.nanoTime() + patience.toNanos();
    long now = vcpusInKernel();
    while (!count.test(now) && System.nanoTime() < deadline) {
      LockSupport.parkNanos(BETWEEN.toNanos());
      now = vcpusInKernel();
    }
    return now;
  }

  @Test
  void whatVmsTookComesBackWhenTheirEndIsSeen() throws IOException {
    Path device = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "needs /dev/kvm, and permission to read and write it");
    assumeTrue(
        System.getProperty("os.arch").equals("amd64"), "other architectures don't map it apart");
    assumeTrue(Files.isReadable(MAPPINGS), "needs root, to read " + MAPPINGS);
    long before = vcpusInKernel();
    try (JavaProcess vmm = JavaProcess.start(ManyVmsMain.class, List.of(Integer.toString(VMS)));
        Collector collector = new Collector(found -> found.pid() == vmm.pid())) {
      vmm.awaitRunning();
      long there = vcpusInKernel();
      assumeTrue(
          there >= before + VMS - OTHERS,
          MAPPINGS + " does not tell vCPUs on this kernel: " + there);
      collector.refresh();
      collector.sweep();
      assertThat(collector.collected().getFirst().objects()).hasSize(2 * VMS);

      vmm.kill();
      collector.sweep(); // Reads on: they are all there.
      assertThat(await(HOLD, count -> count < before + VMS - OTHERS))
          .as("held by our descriptors")
          .isGreaterThanOrEqualTo(before + VMS - OTHERS);
      collector.refresh();
      assertThat(collector.collected()).isEmpty();
      assertThat(await(PATIENCE, count -> count < before + OTHERS))
          .as("given back")
          .isLessThan(before + OTHERS);
    }
  }
}
