package io.kvmstats.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of a made-up host's statistics, mostly by what Prometheus gets to see. */
@Timeout(120)
class KvmMetricsTest {
  private static final long SEED = Long.getLong("tests.seed", System.nanoTime());
  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration SHORT = Duration.ofMillis(1);

  private PrometheusMeterRegistry registry;

  @BeforeEach
  void refuseWhatIsNoMeter() {
    registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    registry.throwExceptionOnRegistrationFailure();
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void prometheusSeesTheNamesOfTheDocumentAndTheNumbersOfTheView() throws Exception {
    String document = Files.readString(Path.of("../docs/metrics.md"));
    Map<String, String> types =
        Pattern.compile("\\| `(kvm_\\w+)` \\| (\\w+) \\|")
            .matcher(document)
            .results()
            .collect(Collectors.toMap(m -> m.group(1), m -> m.group(2), (one, _) -> one));
    VmmView vm = MadeUpHost.kernels(100, "web1", 3_000_000_000_000L);
    MadeUpHost host = new MadeUpHost(List.of(vm));
    try (KvmMetrics metrics = new KvmMetrics(host, LONG)) {
      metrics.bindTo(registry);
      Map<String, Double> values = Scrape.of(registry);
      int scalars = 0;
      for (Descriptor stat : MadeUpHost.VCPU.descriptors()) {
        scalars += stat.type().isHistogram() ? 0 : 2;
      }
      for (Descriptor stat : MadeUpHost.VM.descriptors()) {
        scalars += stat.type().isHistogram() ? 0 : 1;
      }
      assertThat(values).hasSize(scalars + 1).containsEntry("kvm_up", 1.0);
      values.forEach((series, value) -> {
        // The one whose name the registry cuts: of pf_mmio_spte_created.
        String name =
            series.replaceFirst("\\{.*", "").replace("_spte_total", "_spte_created_total");
        assertThat(types.keySet()).as(series).contains(name);
        assertThat(types.get(name).equals("counter")).isEqualTo(name.endsWith("_total"));
        if (!name.equals("kvm_up")) {
          assertThat(value).as(series).isEqualTo(name.contains("_seconds") ? 3000.0 : 3e12);
        }
      });
      assertThat(values)
          .containsKeys(
              "kvm_vm_remote_tlb_flush_total{vm=\"web1\"}",
              "kvm_vcpu_halt_wait_seconds_total{vcpu=\"1\",vm=\"web1\"}",
              "kvm_vcpu_blocking{vcpu=\"0\",vm=\"web1\"}");
      assertThat(registry.scrape())
          .contains("# HELP kvm_vcpu_blocking Whether the vCPU is blocked in the kernel");
      assertThat(host.sweeps).hasValue(1); // For two scrapes of all that.
    }
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void metersComeAndGoWithTheirVms() {
    MadeUpHost host = new MadeUpHost(List.of());
    MeterRegistry other = new SimpleMeterRegistry();
    try (KvmMetrics metrics = new KvmMetrics(host, SHORT)) {
      metrics.bindTo(registry);
      assertThat(registry.getMeters()).hasSize(1);
      host.vmms = List.of(MadeUpHost.kernels(100, "web1", 7), MadeUpHost.kernels(101, "web2", 8));
      String exits = "kvm_vcpu_exits_total{vcpu=\"0\",vm=\"web1\"}";
      await(() -> Scrape.of(registry).getOrDefault(exits, 0.0) == 7);
      metrics.bindTo(other); // That comes later, and has all the same.
      assertThat(other.getMeters()).hasSameSizeAs(registry.getMeters());
      int all = registry.getMeters().size();
      // It was started anew: another process has its name now.
      host.vmms = List.of(MadeUpHost.kernels(101, "web2", 8), MadeUpHost.kernels(102, "web1", 5));
      await(() -> Scrape.of(registry).getOrDefault(exits, 0.0) == 5);
      await(() -> other.getMeters().size() == all);
      // Who has none else keeps its name, and the next one of that name has another.
      host.vmms = List.of(MadeUpHost.kernels(90, "web1", 1), MadeUpHost.kernels(102, "web1", 5));
      String second = "kvm_vcpu_exits_total{vcpu=\"0\",vm=\"web1 (pid 90)\"}";
      await(() -> Scrape.of(registry).containsKey(second));
      host.vmms = List.of();
      await(() -> registry.getMeters().size() == 1 && other.getMeters().size() == 1);
    }
    assertThat(registry.getMeters()).isEmpty();
    assertThat(other.getMeters()).isEmpty();
  }

  /** A registry that counts by steps would take a meter that comes back for all growth at once. */
  @Test
  void whatCanNotBeReadIsNotANumberUntilItCanAgain() {
    MadeUpHost host = new MadeUpHost(List.of(MadeUpHost.kernels(100, "web1", 7)));
    try (KvmMetrics metrics = new KvmMetrics(host, SHORT)) {
      metrics.bindTo(registry);
      Map<String, Double> before = Scrape.of(registry);
      List<Meter> meters = registry.getMeters();
      host.canSweep = false;
      await(() -> Scrape.of(registry).get("kvm_up") == 0);
      Map<String, Double> without = Scrape.of(registry);
      assertThat(without.keySet()).isEqualTo(before.keySet());
      without.remove("kvm_up");
      assertThat(without.values()).isNotEmpty().allMatch(value -> value.isNaN());
      host.canSweep = true;
      await(() -> Scrape.of(registry).equals(before));
      assertThat(registry.getMeters()).containsExactlyInAnyOrderElementsOf(meters);
    }
  }

  @Test
  void objectsThatTheirNumbersDoNotTellApartHaveTheirDescriptors() {
    VmmView two =
        MadeUpHost.vmm(
            100,
            "two",
            2,
            false,
            MadeUpHost.object(-1, 10, MadeUpHost.VM, _ -> 1),
            MadeUpHost.object(-1, 11, MadeUpHost.VM, _ -> 2),
            MadeUpHost.object(0, 20, MadeUpHost.VCPU, _ -> 3),
            MadeUpHost.object(0, 21, MadeUpHost.VCPU, _ -> 4));
    try (KvmMetrics metrics = new KvmMetrics(new MadeUpHost(List.of(two)), LONG)) {
      metrics.bindTo(registry);
      assertThat(Scrape.of(registry))
          .containsEntry("kvm_vm_pages_4k{vm=\"two (fd 10)\"}", 1.0)
          .containsEntry("kvm_vm_pages_4k{vm=\"two (fd 11)\"}", 2.0)
          .containsEntry("kvm_vcpu_exits_total{vcpu=\"0 (fd 20)\",vm=\"two\"}", 3.0)
          .containsEntry("kvm_vcpu_exits_total{vcpu=\"0 (fd 21)\",vm=\"two\"}", 4.0);
    }
  }

  /** Whatever is published: the registry takes it, and calls the kernel's as ever. */
  @Test
  void publishedStatisticsTakeNoNameOfOthers() {
    String what = "-Dtests.seed=" + SEED;
    System.out.println(what); // A time-out does not say it.
    Random random = new Random(SEED);
    VmmView kernels = MadeUpHost.kernels(99, "kernel's", 7);
    Map<String, Double> alone;
    try (KvmMetrics metrics = new KvmMetrics(new MadeUpHost(List.of(kernels)), LONG)) {
      metrics.bindTo(registry);
      alone = new HashMap<>(Scrape.of(registry));
      alone.remove("kvm_up");
    }
    for (int round = 0; round < 30; round++) {
      registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
      registry.throwExceptionOnRegistrationFailure();
      List<VmmView> vmms = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        vmms.add(
            MadeUpHost.vmm(
                100 + i,
                "\"}\n# EOF" + i,
                1,
                true,
                MadeUpHost.object(-1, 3, schema(random), _ -> -1),
                MadeUpHost.object(0, 4, schema(random), _ -> 1)));
      }
      MadeUpHost host = new MadeUpHost(List.copyOf(vmms));
      try (KvmMetrics metrics = new KvmMetrics(host, SHORT)) {
        metrics.bindTo(registry);
        assertThat(Scrape.of(registry)).as(what).hasSizeGreaterThan(30);
        vmms.add(kernels);
        host.vmms = vmms;
        // Meters may come one by one.
        await(() -> {
          Map<String, Double> ofKernels = new HashMap<>(Scrape.of(registry));
          ofKernels.keySet().removeIf(series -> !series.contains("kernel's"));
          return ofKernels.size() == alone.size() && ofKernels.equals(alone);
        });
      }
    }
  }

  private static Schema schema(Random random) {
    List<String> words =
        List.of("exits", "x", "x_total", "pages_4k", "halt_wait", "up", "", "_", "blocking", "X");
    List<String> ends =
        List.of("", "_total", "_ns", "_seconds", "_bucket", "_created", "_info", "{", ".s", "_sum");
    Map<String, Descriptor> stats = new HashMap<>();
    for (int i = 0; i < 60; i++) {
      String name =
          words.get(random.nextInt(words.size()))
              + ends.get(random.nextInt(ends.size()))
              + ends.get(random.nextInt(ends.size()));
      int flags = random.nextInt(4) == 0 ? random.nextInt(1 << 12) : 0;
      StatType type = random.nextBoolean() ? StatType.CUMULATIVE : StatType.INSTANT;
      Unit unit = random.nextBoolean() ? Unit.NONE : Unit.SECONDS;
      int known = Descriptor.flags(type, unit, Base.POW10);
      long offset = stats.size() * 8L;
      stats.putIfAbsent(
          name,
          new Descriptor(name, flags == 0 ? known : flags, random.nextInt(-9, 9), 1, offset, 0));
    }
    return new Schema(List.copyOf(stats.values()));
  }

  @Test
  void nobodyHasMetersWithoutEnd() {
    List<Descriptor> stats = new ArrayList<>();
    for (int i = 0; i < 4096; i++) {
      stats.add(new Descriptor("s" + i, 0, 0, 1, i * 8L, 0));
    }
    VmmView vmm =
        MadeUpHost.vmm(100, "many", 1, true, MadeUpHost.object(-1, 3, new Schema(stats), i -> i));
    try (KvmMetrics metrics = new KvmMetrics(new MadeUpHost(List.of(vmm)), LONG)) {
      metrics.bindTo(registry);
      assertThat(registry.getMeters()).hasSize(1001);
    }
  }
}
