package io.kvmstats.openmetrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.collect.Collector;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A real VM, found, read and exported. */
class RealVmTest {
  @BeforeEach
  void assumeKvm() {
    Path device = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "needs /dev/kvm, and permission to read and write it");
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the guests' code is for x86");
  }

  @Test
  void itsNumbersAreThoseThatKvmCounts() throws Exception {
    try (GuestProcess guest =
            GuestProcess.start("exported", List.of(Life.HALT, Life.MMIO)).awaitRunning();
        Collector collector = new Collector(vmm -> vmm.pid() == guest.pid())) {
      collector.refresh();
      collector.sweep();
      List<VmmView> vmms = collector.vmms();
      Exposition exposition =
          new Exposition(new Selection(Detail.HISTOGRAMS, List.of(), List.of()));
      Map<String, Double> values =
          Document.parse(Hosts.write(exposition, vmms, Format.TEXT), Format.TEXT).values();
      int found = 0;
      for (ObjectView object : vmms.getFirst().objects()) {
        Sample sample = object.read().orElseThrow().latest();
        for (Descriptor stat : object.schema().descriptors()) {
          if (stat.type().isHistogram()) {
            continue;
          }
          String name = (object.isVcpu() ? "kvm_vcpu_" : "kvm_vm_") + stat.name().replace('.', '_');
          Map<String, String> labels = new TreeMap<>(Map.of("vm", "exported"));
          if (object.isVcpu()) {
            labels.put("vcpu", Integer.toString(object.vcpu()));
          }
          String series = name.replaceFirst("_ns$", "_seconds");
          assertThat(values.getOrDefault(series + "_total" + labels, values.get(series + labels)))
              .as(series)
              .isEqualTo(sample.value(stat) / (name.endsWith("_ns") ? 1e9 : 1));
          found++;
        }
      }
      assertThat(found).isGreaterThan(50);
      assertThat(values)
          .containsEntry("kvm_vm_up{vm=exported}", 1.0)
          .containsEntry("kvm_vm_vcpus{vm=exported}", 2.0);
      assertThat(values.get("kvm_vm_sample_age_seconds{vm=exported}")).isBetween(0.0, 60.0);
      assertThat(values.get("kvm_vcpu_exits_total{vcpu=1, vm=exported}")).isPositive();

      long created =
          Messages.parse(Hosts.write(exposition, vmms, Format.PROTOBUF)).stream()
              .filter(family -> family.getName().equals("kvm_vcpu_exits_total"))
              .findFirst()
              .orElseThrow()
              .getMetric(1)
              .getCounter()
              .getCreatedTimestamp()
              .getSeconds();
      long started =
          ProcessHandle.of(guest.pid())
              .flatMap(p -> p.info().startInstant())
              .orElseThrow()
              .getEpochSecond();
      assertThat(created).isBetween(started - 2, started + 2);
      assertThat(started).isLessThanOrEqualTo(Instant.now().getEpochSecond());
    }
  }

  @Test
  void promtoolHasNothingToComplainOf() throws Exception {
    Promtool.assumeInstalled();
    try (GuestProcess guest =
            GuestProcess.start("exported", List.of(Life.HALT, Life.MMIO)).awaitRunning();
        Collector collector = new Collector(vmm -> vmm.pid() == guest.pid())) {
      collector.refresh();
      collector.sweep();
      Promtool.assertClean(
          Hosts.write(Hosts.exposition(Detail.HISTOGRAMS), collector.vmms(), Format.TEXT));
    }
  }
}
