package io.kvmstats.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.collect.Collector;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A real VM, found, read and scraped, until it dies. */
@Timeout(120)
class RealVmTest {
  @Test
  void itsMetersGrowAndEndWithIt() throws Exception {
    Path device = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "needs /dev/kvm, and permission to read and write it");
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the guests' code is for x86");
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    try (GuestProcess guest =
            GuestProcess.start("metered", List.of(Life.HALT, Life.MMIO)).awaitRunning();
        KvmMetrics metrics =
            new KvmMetrics(new Collector(vmm -> vmm.pid() == guest.pid()), Duration.ofMillis(50))) {
      metrics.bindTo(registry);
      String exits = "kvm_vcpu_exits_total{vcpu=\"1\",vm=\"metered\"}";
      String waited = "kvm_vcpu_halt_wait_seconds_total{vcpu=\"0\",vm=\"metered\"}";
      Map<String, Double> first = Scrape.of(registry);
      long start = System.nanoTime();
      assertThat(first.get("kvm_up")).isEqualTo(1);
      assertThat(first.get(exits)).isPositive();
      Map<String, Double> then = first;
      while (then.get(exits) <= first.get(exits) || then.get(waited) <= first.get(waited)) {
        then = Scrape.of(registry);
      }
      // No vCPU waits longer than time passes; the first sample is from shortly before.
      double seconds = (System.nanoTime() - start) / 1e9;
      assertThat(then.get(waited) - first.get(waited)).isLessThan(seconds + 1);
      guest.kill();
      while (registry.getMeters().size() > 1) {
        Thread.onSpinWait();
      }
      assertThat(Scrape.of(registry)).isEqualTo(Map.of("kvm_up", 1.0));
    }
  }
}
