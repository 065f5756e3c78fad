package io.kvmstats.openmetrics;

import io.kvmstats.acquire.Source;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmNames;
import io.kvmstats.collect.VmmView;
import io.kvmstats.discover.VmName;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/** A VMM that is exported: what stays as it is while it lives, and how it is seen now. */
final class ExportedVmm {
  private final String name;
  private final Labels labels;
  private final long createdMillis;
  private VmmView view;
  private Map<Id, ExportedObject> objects = new LinkedHashMap<>();
  private boolean hasAllVcpus;

  /**
   * What tells an object from the others of its VMM.
   *
   * @param vcpu its number; that of no vCPU for a VM
   * @param fd its descriptor, where the number alone does not tell
   */
  private record Id(int vcpu, OptionalInt fd) {}

  /**
   * Begins with one that is new.
   *
   * @param name which nobody else has
   * @param createdMillis when its process was started, in ms since 1970
   */
  ExportedVmm(VmmView view, String name, long createdMillis) {
    this.view = view;
    this.name = name;
    this.labels = new Labels(Map.of("vm", name));
    this.createdMillis = createdMillis;
  }

  /** Takes note of how it is seen now: objects may have come or gone. */
  void seen(VmmView now) {
    view = now;
    Set<Integer> ambiguous = now.ambiguous();
    Map<Id, ExportedObject> before = objects;
    objects = new LinkedHashMap<>();
    for (ObjectView object : now.objects()) {
      boolean needsFd = ambiguous.contains(object.vcpu());
      Id id = new Id(object.vcpu(), needsFd ? OptionalInt.of(object.fd()) : OptionalInt.empty());
      ExportedObject known = before.get(id);
      ExportedObject exported =
          known == null ? new ExportedObject(this, labels(id), object) : known;
      exported.seen(object);
      objects.putIfAbsent(id, exported);
    }
    hasAllVcpus =
        now.objects().stream()
            .filter(ObjectView::isVcpu)
            .map(ObjectView::vcpu)
            .sorted()
            .toList()
            .equals(now.vcpus());
  }

  private Labels labels(Id id) {
    Map<String, String> all = new HashMap<>(Map.of("vm", name));
    if (id.vcpu >= 0) {
      all.put("vcpu", Integer.toString(id.vcpu));
    }
    id.fd.ifPresent(fd -> all.put("fd", Integer.toString(fd)));
    return new Labels(all);
  }

  VmmView view() {
    return view;
  }

  /** {@return what it is called in labels} */
  String name() {
    return name;
  }

  /** {@return of what is the whole VMM's} */
  Labels labels() {
    return labels;
  }

  /** {@return of its info, which may change when more is known} */
  Labels infoLabels() {
    return new Labels(
        Map.of(
            "vm", name,
            "name", view.name().map(VmName::text).map(VmNames::shown).orElse(""),
            "uuid", view.identity().uuid().map(uuid -> uuid.value().toString()).orElse(""),
            "pid", Integer.toString(view.pid()),
            "vmm", VmNames.shown(view.program()),
            "source", view.source().map(Source::label).orElse("")));
  }

  long createdMillis() {
    return createdMillis;
  }

  Collection<ExportedObject> objects() {
    return objects.values();
  }

  /** {@return whether all of it that can be read here was, at the last try} */
  boolean isUp() {
    return !objects.isEmpty() && objects.values().stream().allMatch(ExportedObject::isRead);
  }

  /** {@return whether there is nothing of it that can't be read} */
  boolean isComplete() {
    return view.shortfall().isEmpty() && !objects.isEmpty();
  }

  /**
   * {@return how old the oldest of its samples is, in ns; empty when there is none}
   *
   * @param now as {@link System#nanoTime} counts
   */
  OptionalLong ageNanos(long now) {
    return objects.values().stream()
        .flatMap(object -> Stream.ofNullable(object.sample()))
        .mapToLong(sample -> Math.max(0, now - sample.afterNanos()))
        .max();
  }

  /** {@return whether each vCPU that it has is among its objects, once} */
  boolean hasAllVcpus() {
    return hasAllVcpus;
  }
}
