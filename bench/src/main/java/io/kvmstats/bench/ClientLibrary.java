package io.kvmstats.bench;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unsigned;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Unit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A collector as one would write it with the Prometheus client library: all scalars of all VMs, as
 * snapshots. Labels and metadata are made once.
 */
final class ClientLibrary {
  private final IdentityHashMap<ObjectView, Labels> labels = new IdentityHashMap<>();
  private final Map<String, MetricMetadata> metadata = new HashMap<>();

  MetricSnapshots snapshots(List<VmmView> vmms) {
    Map<String, List<CounterDataPointSnapshot>> counters = new LinkedHashMap<>();
    Map<String, List<GaugeDataPointSnapshot>> gauges = new LinkedHashMap<>();
    for (VmmView vmm : vmms) {
      for (ObjectView object : vmm.objects()) {
        Sample sample = object.read().orElseThrow().latest();
        Labels of = labels.computeIfAbsent(object, one -> labels(vmm, one));
        String prefix = object.isVcpu() ? "kvm_vcpu_" : "kvm_vm_";
        for (Descriptor stat : object.schema().descriptors()) {
          if (stat.type().isHistogram()) {
            continue;
          }
          String name = prefix + stat.name();
          double value = Unsigned.toDouble(sample.value(stat)) * stat.scale();
          if (stat.type() == StatType.CUMULATIVE) {
            counters
                .computeIfAbsent(name, _ -> new ArrayList<>())
                .add(new CounterDataPointSnapshot(value, of, null, CREATED));
          } else {
            gauges
                .computeIfAbsent(name, _ -> new ArrayList<>())
                .add(new GaugeDataPointSnapshot(value, of, null));
          }
          metadata.computeIfAbsent(name, one -> metadata(one, stat));
        }
      }
    }
    List<MetricSnapshot> all = new ArrayList<>();
    counters.forEach((name, points) -> all.add(new CounterSnapshot(metadata.get(name), points)));
    gauges.forEach((name, points) -> all.add(new GaugeSnapshot(metadata.get(name), points)));
    return new MetricSnapshots(all);
  }

  private static final long CREATED = 1_700_000_000_000L;

  private static Labels labels(VmmView vmm, ObjectView object) {
    Labels vm = Labels.of("vm", vmm.name().orElseThrow().text());
    return object.isVcpu() ? vm.add("vcpu", Integer.toString(object.vcpu())) : vm;
  }

  private static MetricMetadata metadata(String name, Descriptor stat) {
    boolean isTime = stat.unit() == io.kvmstats.core.model.Unit.SECONDS;
    return isTime
        ? new MetricMetadata(name.replace("_ns", "_seconds"), "A statistic.", Unit.SECONDS)
        : new MetricMetadata(name, "A statistic.");
  }
}
