package io.kvmstats.otlp;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Sample;
import io.kvmstats.discover.BootTime;
import io.kvmstats.discover.Vmm;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Writes the objects' newest samples, a resource per VMM.
 *
 * <p>Between two times it keeps the sample of each object that was written last, to tell when a
 * statistic was set back. Used by one thread at a time.
 */
final class Export {
  private static final int RESOURCE_ATTRIBUTES = 1;

  private final Optional<String> host;
  private final Optional<BootTime> boot;
  private final Plans plans = new Plans();
  private final Map<Vmm.Key, Map<Id, History>> histories = new HashMap<>();

  /**
   * What tells an object from the others of its VMM.
   *
   * @param vcpu its number; that of no vCPU for a VM
   * @param fd its descriptor, where the number alone does not tell
   */
  private record Id(int vcpu, OptionalInt fd) {}

  /** An object that was read. */
  private record Read(Id id, Sample sample, long timeNanos, History history) {}

  /**
   * Begins with nothing written.
   *
   * @param host this one's name
   * @param boot when it was started
   */
  Export(Optional<String> host, Optional<BootTime> boot) {
    this.host = host;
    this.boot = boot;
  }

  /** Writes all of them, if not for nobody. */
  void write(List<VmmView> vmms, Times times, Requests out) {
    histories.keySet().retainAll(vmms.stream().map(VmmView::key).collect(Collectors.toSet()));
    Set<Plans.Of> used = new HashSet<>();
    for (VmmView vmm : vmms) {
      write(vmm, times, out, used);
    }
    out.flush();
    plans.keepOnly(used);
  }

  private void write(VmmView vmm, Times times, Requests out, Set<Plans.Of> used) {
    Map<Plans.Of, List<Read>> groups = read(vmm, times);
    used.addAll(groups.keySet());
    out.resource(resource(vmm));
    Map<String, MetricIdentity> taken = new HashMap<>();
    groups.forEach((of, group) -> {
      Map<String, Integer> ofThis = new HashMap<>();
      for (Column column : plans.of(of)) {
        MetricIdentity metric = free(column.metric(), taken, ofThis);
        out.metric(metric, column.description());
        for (Read read : group) {
          Protobuf point = column.point(read.sample, read.timeNanos, read.history);
          if (point != null) {
            attributes(read.id, point, metric.kind());
            out.point(point);
          }
        }
      }
    });
    if (!out.isOver()) {
      groups.values().stream()
          .flatMap(List::stream)
          .forEach(read -> read.history.pushed(read.sample, read.timeNanos));
    }
  }

  /**
   * {@return a statistic's metric, numbered where its name is another one's, and taken now}
   *
   * <p>KVM's own have distinct names. Where somebody publishes others, a name has one unit and kind
   * in a VMM, and is of one statistic of an object.
   *
   * @param ofThis names of the same schema's statistics, with the last number that was tried for
   *     each, so that thousands of one name don't take the time of their square
   */
  private static MetricIdentity free(
      MetricIdentity wanted, Map<String, MetricIdentity> taken, Map<String, Integer> ofThis) {
    MetricIdentity metric = wanted;
    int number = ofThis.getOrDefault(wanted.name(), 1);
    while (ofThis.containsKey(metric.name())
        || !metric.equals(taken.getOrDefault(metric.name(), metric))) {
      metric = wanted.numbered(++number);
    }
    ofThis.put(wanted.name(), number);
    ofThis.putIfAbsent(metric.name(), 1);
    taken.put(metric.name(), metric);
    return metric;
  }

  private Map<Plans.Of, List<Read>> read(VmmView vmm, Times times) {
    Map<Id, History> known = histories.computeIfAbsent(vmm.key(), _ -> new HashMap<>());
    Set<Integer> ambiguous = vmm.ambiguous();
    boolean hasSums = vmm.hasSums();
    long start = startNanos(vmm);
    Map<Plans.Of, List<Read>> groups = new LinkedHashMap<>();
    Set<Id> seen = new HashSet<>();
    for (ObjectView object : vmm.objects()) {
      boolean needsFd = ambiguous.contains(object.vcpu());
      Id id = new Id(object.vcpu(), needsFd ? OptionalInt.of(object.fd()) : OptionalInt.empty());
      Sample sample = object.read().map(Reading::latest).orElse(null);
      if (sample == null || !seen.add(id)) {
        continue;
      }
      Plans.Of of =
          new Plans.Of(
              sample.schema(),
              object.isVcpu() ? Scope.VCPU : Scope.VM,
              hasSums && !object.isVcpu());
      groups
          .computeIfAbsent(of, _ -> new ArrayList<>())
          .add(
              new Read(
                  id,
                  sample,
                  times.epochNanos(sample.midNanos()),
                  known.computeIfAbsent(id, _ -> new History(start))));
    }
    known.keySet().retainAll(seen); // A VMM may make and end VMs for years.
    return groups;
  }

  private long startNanos(VmmView vmm) {
    return boot.map(time -> TimeUnit.MILLISECONDS.toNanos(time.startMillis(vmm.key())))
        .filter(nanos -> nanos > 0)
        .orElse(0L);
  }

  private static void attributes(Id id, Protobuf point, Kind kind) {
    Attributes attributes = new Attributes(point, kind.attributesField());
    if (id.vcpu >= 0) {
      attributes.number("kvm.vcpu.id", id.vcpu);
    }
    id.fd.ifPresent(fd -> attributes.number("kvm.fd", fd));
  }

  private Protobuf resource(VmmView vmm) {
    Protobuf resource = new Protobuf();
    Attributes attributes = new Attributes(resource, RESOURCE_ATTRIBUTES);
    attributes.text("service.name", "kvmstats");
    // What receivers tell resources by, many by this and the name alone: so it is no user's choice.
    attributes.text(
        "service.instance.id",
        host.map(name -> name + "/").orElse("") + vmm.pid() + "/" + vmm.key().startTicks());
    host.ifPresent(name -> attributes.text("host.name", name));
    attributes.number("process.pid", vmm.pid());
    attributes.text("process.executable.name", vmm.program());
    vmm.name().ifPresent(name -> attributes.text("kvm.vm.name", name.text()));
    vmm.identity()
        .uuid()
        .ifPresent(uuid -> attributes.text("kvm.vm.uuid", uuid.value().toString()));
    if (vmm.isPublished()) {
      attributes.bool("kvm.vm.published", true);
    }
    return resource;
  }
}
