package io.kvmstats.jfr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.collect.Collector;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real VM, found, read and recorded. */
@Timeout(120)
class RealVmTest {
  @Test
  void itsEventsHaveTheNumbersThatWereRead(@TempDir Path folder) throws Exception {
    Path device = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "needs /dev/kvm, and permission to read and write it");
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the guests' code is for x86");
    try (GuestProcess guest =
        GuestProcess.start("recorded", List.of(Life.HALT, Life.MMIO)).awaitRunning()) {
      Collector collector = new Collector(vmm -> vmm.pid() == guest.pid());
      // Within the hour there is one sweep, so that the newest samples stay those recorded.
      try (KvmEvents events = new KvmEvents(collector, Duration.ofHours(1))) {
        events.register();
        Map<String, List<RecordedEvent>> recorded =
            OneRecording.once(List.of("kvmstats.VM", "kvmstats.Vcpu"), folder);
        assertThat(recorded.get("kvmstats.VM")).hasSize(1);
        assertThat(recorded.get("kvmstats.Vcpu")).hasSize(2);
        int found = 0;
        for (ObjectView object : collector.vmms().getFirst().objects()) {
          Sample sample = object.read().orElseThrow().latest();
          RecordedEvent event =
              recorded.get(object.isVcpu() ? "kvmstats.Vcpu" : "kvmstats.VM").stream()
                  .filter(of -> !object.isVcpu() || of.getInt("vcpu") == object.vcpu())
                  .findFirst()
                  .orElseThrow();
          assertThat(event.getString("vm")).isEqualTo("recorded");
          assertThat(event.getInt("pid")).isEqualTo(guest.pid());
          for (Descriptor stat : object.schema().descriptors()) {
            if (!stat.type().isHistogram()) {
              assertThat(event.getLong(stat.name().replace('.', '_')))
                  .as(stat.name())
                  .isEqualTo(sample.has(stat) ? sample.value(stat) : Long.MIN_VALUE);
              found++;
            }
          }
        }
        assertThat(found).isGreaterThan(50);
        assertThat(recorded.get("kvmstats.Vcpu")).allMatch(event -> event.getLong("exits") > 0);
      }
    }
  }
}
