package io.kvmstats.openmetrics;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The same samples as the Prometheus client library's model has them: its writers then make the
 * document that ours is compared with. Exact arithmetic, and no code of what is tested.
 */
final class ClientLibrary {
  private final Catalog catalog = Catalog.load();
  private final Map<String, CounterSnapshot.Builder> counters = new TreeMap<>();
  private final Map<String, GaugeSnapshot.Builder> gauges = new TreeMap<>();
  private final Map<String, UnknownSnapshot.Builder> unknowns = new TreeMap<>();
  private final Map<String, HistogramSnapshot.Builder> histograms = new TreeMap<>();
  private final List<MetricSnapshot> rest = new ArrayList<>();

  private ClientLibrary() {}

  /** VMs with distinct names, one each per process, and no statistics whose names could clash. */
  static MetricSnapshots of(List<VmmView> vmms, Health health) {
    ClientLibrary library = new ClientLibrary();
    library.own(vmms, health);
    for (VmmView vmm : vmms) {
      for (ObjectView object : vmm.objects()) {
        library.add(vmm, object);
      }
    }
    List<MetricSnapshot> all = library.rest;
    library.counters.values().forEach(builder -> all.add(builder.build()));
    library.gauges.values().forEach(builder -> all.add(builder.build()));
    library.unknowns.values().forEach(builder -> all.add(builder.build()));
    library.histograms.values().forEach(builder -> all.add(builder.build()));
    return new MetricSnapshots(all);
  }

  private void own(List<VmmView> vmms, Health health) {
    gauge("kvm_up", "Whether there is anything to read VMs from.", Labels.EMPTY, 1);
    gauge(
        "kvm_hidden_processes",
        "Processes that seem to hold VMs whose statistics kvmstats can't get at.",
        Labels.EMPTY,
        health.hidden());
    secondsGauge(
        "kvm_sweep_seconds",
        "How long the last reading of all VMs took.",
        Labels.EMPTY,
        health.sweepSeconds());
    rest.add(
        InfoSnapshot.builder()
            .name("kvm_build")
            .help("The kvmstats that exports this.")
            .dataPoint(
                InfoDataPointSnapshot.builder()
                    .labels(Labels.of("version", health.version()))
                    .build())
            .build());
    InfoSnapshot.Builder info =
        InfoSnapshot.builder().name("kvm_vm").help("What the VM is called, and how it is read.");
    for (VmmView vmm : vmms) {
      Labels labels = Labels.of("vm", vmm.name().orElseThrow().text());
      info.dataPoint(
          InfoDataPointSnapshot.builder()
              .labels(
                  labels.merge(
                      Labels.of(
                          "name", vmm.name().orElseThrow().text(),
                          "uuid", vmm.identity().uuid().orElseThrow().value().toString(),
                          "pid", Integer.toString(vmm.pid()),
                          "vmm", vmm.program(),
                          "source", "dup")))
              .build());
      gauge("kvm_vm_up", "Whether what can be read of the VM was, the last time.", labels, 1);
      gauge(
          "kvm_vm_complete",
          "Whether all of the VM's statistics can be read: where not, 'kvmstats list' says why.",
          labels,
          1);
      gauge(
          "kvm_vm_vcpus",
          "The vCPUs that the VM has, also those that can't be read.",
          labels,
          vmm.vcpus().size());
      secondsGauge(
          "kvm_vm_sample_age_seconds", "How old the oldest of the VM's numbers are.", labels, 1.5);
    }
    rest.add(info.build());
  }

  private void gauge(String name, String help, Labels labels, double value) {
    gauges
        .computeIfAbsent(name, _ -> GaugeSnapshot.builder().name(name).help(help))
        .dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(value).build());
  }

  private void secondsGauge(String name, String help, Labels labels, double value) {
    gauge(name, help, labels, value);
    gauges.get(name).unit(io.prometheus.metrics.model.snapshots.Unit.SECONDS);
  }

  private void add(VmmView vmm, ObjectView object) {
    Labels labels = Labels.of("vm", vmm.name().orElseThrow().text());
    if (object.isVcpu()) {
      labels = labels.add("vcpu", Integer.toString(object.vcpu()));
    }
    long created = Hosts.BOOT_SECONDS * 1000 + vmm.key().startTicks() * 10;
    Sample sample = object.read().orElseThrow().latest();
    for (Descriptor stat : object.schema().descriptors()) {
      if (sample.has(stat)) {
        add(object, stat, sample, labels, created);
      }
    }
  }

  private void add(ObjectView object, Descriptor stat, Sample sample, Labels labels, long created) {
    String prefix = object.isVcpu() ? "kvm_vcpu_" : "kvm_vm_";
    io.prometheus.metrics.model.snapshots.Unit unit =
        switch (stat.unit()) {
          case SECONDS -> io.prometheus.metrics.model.snapshots.Unit.SECONDS;
          case BYTES -> io.prometheus.metrics.model.snapshots.Unit.BYTES;
          case CYCLES -> new io.prometheus.metrics.model.snapshots.Unit("cycles");
          case NONE, BOOLEAN, UNKNOWN -> null;
        };
    String name = prefix + stat.name().replace('.', '_');
    if (unit != null) {
      name = name.replaceFirst("_ns$", "") + "_" + unit;
    }
    String help =
        catalog.named(stat.name()).stream()
            .filter(entry ->
                entry.scope()
                    == (object.isVcpu() ? CatalogEntry.Scope.VCPU : CatalogEntry.Scope.VM))
            .filter(entry -> entry.architectures().contains("x86"))
            .map(CatalogEntry::meaning)
            .findFirst()
            .orElse(
                "Statistic "
                    + stat.name()
                    + ", of which nothing is known but the descriptor that comes with it."
                    + (stat.type() == StatType.PEAK ? " This is the largest so far." : ""));
    double value =
        stat.unit() == Unit.BOOLEAN
            ? Math.min(sample.value(stat), 1)
            : scaled(stat, sample.value(stat)).doubleValue();
    StatType type = stat.unit() == Unit.BOOLEAN ? StatType.INSTANT : stat.type();
    switch (type) {
      case CUMULATIVE -> {
        var builder = counters.computeIfAbsent(name, n -> CounterSnapshot.builder().name(n));
        builder.help(help).unit(unit);
        builder.dataPoint(
            CounterDataPointSnapshot.builder()
                .labels(labels)
                .value(value)
                .createdTimestampMillis(created)
                .build());
      }
      case INSTANT, PEAK -> {
        gauge(name, help, labels, value);
        gauges.get(name).unit(unit);
      }
      case UNKNOWN -> {
        var builder = unknowns.computeIfAbsent(name, n -> UnknownSnapshot.builder().name(n));
        builder.help(help).unit(unit);
        builder.dataPoint(UnknownDataPointSnapshot.builder().labels(labels).value(value).build());
      }
      case LINEAR_HISTOGRAM, LOG_HISTOGRAM -> {
        var builder = histograms.computeIfAbsent(name, n -> HistogramSnapshot.builder().name(n));
        builder.help(help).unit(unit);
        builder.dataPoint(histogram(object, stat, sample, labels, created));
      }
    }
  }

  private HistogramDataPointSnapshot histogram(
      ObjectView object, Descriptor stat, Sample sample, Labels labels, long created) {
    double[] bounds = new double[stat.size()];
    long[] counts = new long[stat.size()];
    for (int i = 0; i < stat.size(); i++) {
      BigInteger upper =
          stat.type() == StatType.LOG_HISTOGRAM
              ? BigInteger.TWO.pow(i)
              : BigInteger.valueOf(stat.bucketSize() * (i + 1));
      bounds[i] =
          i == stat.size() - 1
              ? Double.POSITIVE_INFINITY
              : scaled(stat, new BigDecimal(upper.subtract(BigInteger.ONE))).doubleValue();
      counts[i] = sample.value(stat, i);
    }
    HistogramDataPointSnapshot.Builder builder = HistogramDataPointSnapshot.builder();
    builder.classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, counts));
    Optional<Descriptor> sum = object.schema().find(stat.name().replaceFirst("_hist$", "_ns"));
    sum.filter(of -> stat.name().endsWith("_hist"))
        .filter(sample::has)
        .ifPresent(of -> builder.sum(scaled(of, sample.value(of)).doubleValue()));
    builder.labels(labels).createdTimestampMillis(created);
    return builder.build();
  }

  private static BigDecimal scaled(Descriptor stat, long raw) {
    return scaled(stat, new BigDecimal(Long.toUnsignedString(raw)));
  }

  private static BigDecimal scaled(Descriptor stat, BigDecimal raw) {
    BigDecimal power = BigDecimal.valueOf(stat.base().radix()).pow(Math.abs(stat.exponent()));
    return stat.exponent() < 0 ? raw.divide(power, new MathContext(60)) : raw.multiply(power);
  }
}
