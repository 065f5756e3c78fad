package io.kvmstats.micrometer;

import io.kvmstats.collect.FreshHost;
import io.kvmstats.collect.ObjectView;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A VM or vCPU that has meters. They hold it weakly, so that it has to be kept as long as they are
 * registered.
 */
final class MeteredObject {
  private final FreshHost host;
  private final Tags tags;
  private final List<Column> columns;
  private final Map<MeterRegistry, List<Meter>> meters = new HashMap<>();
  private volatile ObjectView view;

  MeteredObject(FreshHost host, Tags tags, List<Column> columns, ObjectView view) {
    this.host = host;
    this.tags = tags;
    this.columns = columns;
    this.view = view;
  }

  Tags tags() {
    return tags;
  }

  /** {@return whether its meters are those that an object has to have} */
  boolean isAs(Tags otherTags, List<Column> otherColumns) {
    return tags.equals(otherTags) && columns.equals(otherColumns);
  }

  /** Takes note of how it is seen now. */
  void seen(ObjectView now) {
    view = now;
  }

  void bindTo(MeterRegistry registry) {
    meters.put(registry, columns.stream().map(column -> column.register(registry, this)).toList());
  }

  /** Takes its meters out of all registries. */
  void unbind() {
    meters.forEach((registry, list) -> list.forEach(registry::remove));
    meters.clear();
  }

  double value(Column column) {
    return host.sample(view).map(column::value).orElse(Double.NaN);
  }
}
