package io.kvmstats.publish.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import io.kvmstats.core.statsfd.StatsFileRules;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;

/** Made-up VMs, as a reader finds them, with a clock that goes as fast as it can. */
class SimulatedVmTest {
  private static final long SEED = Long.getLong("tests.seed", System.nanoTime());
  private static final long STEP = 50_000_000;
  private static final long SECOND = 1_000_000_000;

  private static Map<String, Sample> read(long now) throws IOException {
    Map<String, Sample> samples = new TreeMap<>();
    try (DirectoryStream<Path> fds = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path fd : fds) {
        try {
          String link = Files.readSymbolicLink(fd).toString();
          if (link.startsWith("/memfd:kvm-")) {
            MemorySegment file = MemorySegment.ofArray(Files.readAllBytes(fd));
            StatsFile decoded =
                StatsFileDecoder.decode(ByteSource.of(file), ByteOrder.nativeOrder());
            MemorySegment data = file.asSlice(decoded.dataOffset());
            samples.put(
                link, new Sample(decoded.schema(), now, now, data, ByteOrder.nativeOrder()));
          }
        } catch (NoSuchFileException e) {
          // The one that lists the folder.
        }
      }
    }
    return samples;
  }

  private static long value(Sample sample, String name) {
    return sample.value(sample.schema().find(name).orElseThrow());
  }

  private static long samplesIn(Sample sample, String name) {
    Descriptor descriptor = sample.schema().find(name).orElseThrow();
    long sum = 0;
    for (int i = 0; i < descriptor.size(); i++) {
      sum += sample.value(descriptor, i);
    }
    return sum;
  }

  @Test
  void theNumbersAgreeWithEachOtherAndWithTime() throws IOException {
    Set<Habit> met = new HashSet<>();
    for (int vm = 0; vm < 6; vm++) {
      Script script = Script.of(SEED, vm, 4);
      try (SimulatedVm simulated = new SimulatedVm(SEED, vm, script)) {
        Map<String, Sample> last = read(0);
        for (long now = STEP; now <= 60 * SECOND; now += STEP) {
          simulated.step(STEP);
          if (now % (SECOND / 2) == 0) {
            Map<String, Sample> samples = read(now);
            for (int vcpu = 0; vcpu < 4; vcpu++) {
              String link = "/memfd:kvm-vcpu-stats:" + vcpu + " (deleted)";
              Habit habit = script.at(vcpu, (now - STEP) / SECOND);
              met.add(habit);
              assertThat(samples.containsKey(link))
                  .as(habit.label())
                  .isEqualTo(habit != Habit.GONE);
              if (habit != Habit.GONE) {
                agree(samples.get(link), now);
              }
              if (last.containsKey(link) && samples.containsKey(link)) {
                assertThat(StatsFileRules.checkMoves(last.get(link), samples.get(link))).isEmpty();
              }
            }
            last = samples;
          }
        }
      }
    }
    assertThat(met).contains(Habit.IDLE, Habit.BUSY, Habit.EXIT_STORM, Habit.POLLING);
  }

  private static void agree(Sample vcpu, long now) {
    String seed = "-Dtests.seed=" + SEED;
    long halts = value(vcpu, "halt_exits");
    long exits =
        value(vcpu, "io_exits")
            + value(vcpu, "mmio_exits")
            + value(vcpu, "irq_exits")
            + value(vcpu, "pf_fixed");
    assertThat(value(vcpu, "exits")).as(seed).isEqualTo(halts + exits);
    assertThat(value(vcpu, "pf_taken"))
        .isEqualTo(value(vcpu, "pf_fixed") + value(vcpu, "pf_emulate"));
    long successes = value(vcpu, "halt_successful_poll");
    long failures = samplesIn(vcpu, "halt_poll_fail_hist");
    assertThat(samplesIn(vcpu, "halt_poll_success_hist")).isEqualTo(successes);
    assertThat(value(vcpu, "halt_attempted_poll")).as(seed).isEqualTo(successes + failures);
    assertThat(samplesIn(vcpu, "halt_wait_hist")).isEqualTo(value(vcpu, "halt_wakeup"));
    // Every halt was polled for or slept through.
    assertThat(halts).as(seed).isEqualTo(successes + value(vcpu, "halt_wakeup"));
    for (String time : List.of("halt_poll_success", "halt_poll_fail", "halt_wait")) {
      timeIsThatOfItsHistogram(vcpu, time);
    }
    assertThat(
            value(vcpu, "halt_wait_ns")
                + value(vcpu, "halt_poll_success_ns")
                + value(vcpu, "halt_poll_fail_ns"))
        .as(seed)
        .isLessThanOrEqualTo(now);
  }

  private static void timeIsThatOfItsHistogram(Sample vcpu, String time) {
    Descriptor histogram = vcpu.schema().find(time + "_hist").orElseThrow();
    long least = 0;
    long most = 0;
    for (int i = 0; i < histogram.size(); i++) {
      least += vcpu.value(histogram, i) * histogram.bucketFrom(i);
      long end = i + 1 < histogram.size() ? histogram.bucketFrom(i + 1) : Long.MAX_VALUE;
      most += vcpu.value(histogram, i) == 0 ? 0 : vcpu.value(histogram, i) * (end - 1);
    }
    assertThat(value(vcpu, time + "_ns")).as(time).isBetween(least, most);
  }

  @Test
  void theSameSeedGivesTheSameNumbersAndAnotherDoesNot() throws IOException {
    assertThat(numbers(SEED)).isEqualTo(numbers(SEED));
    assertThat(numbers(SEED)).isNotEqualTo(numbers(SEED + 1));
  }

  private static List<String> numbers(long seed) throws IOException {
    List<String> numbers = new ArrayList<>();
    try (SimulatedVm vm = new SimulatedVm(seed, 0, Script.of(seed, 0, 3))) {
      for (int i = 0; i < 200; i++) {
        vm.step(STEP);
      }
      read(0)
          .forEach((link, sample) -> {
            for (Descriptor descriptor : sample.schema().descriptors()) {
              for (int i = 0; i < descriptor.size(); i++) {
                numbers.add(link + descriptor.name() + i + sample.value(descriptor, i));
              }
            }
          });
    }
    return numbers;
  }

  @Test
  void theStatisticsAreTheKernels() throws IOException {
    try (SimulatedVm _ = new SimulatedVm(1, 0, Script.of(1, 0, 1))) {
      Map<String, Sample> samples = read(0);
      for (Map.Entry<String, String> file :
          Map.of("/memfd:kvm-vm-stats (deleted)", "vm", "/memfd:kvm-vcpu-stats:0 (deleted)", "vcpu")
              .entrySet()) {
        Path golden =
            Path.of(
                "../core/src/test/resources/io/kvmstats/core/statsfd/linux-6.18-x86_64-"
                    + file.getValue()
                    + ".bin");
        StatsFile kernels =
            StatsFileDecoder.decode(
                ByteSource.of(MemorySegment.ofArray(Files.readAllBytes(golden))),
                ByteOrder.LITTLE_ENDIAN);
        List<Descriptor> ours = samples.get(file.getKey()).schema().descriptors();
        assertThat(ours)
            .extracting(Descriptor::name, Descriptor::flags, Descriptor::exponent, Descriptor::size)
            .containsExactlyElementsOf(
                kernels.schema().descriptors().stream()
                    .map(d -> Tuple.tuple(d.name(), d.flags(), d.exponent(), d.size()))
                    .toList());
      }
      assertThat(samples).hasSize(2);
    }
  }
}
