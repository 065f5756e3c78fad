package io.kvmstats.openmetrics;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Scale;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is exported of the objects of one schema, and which these are now. */
final class Plan {
  private final List<Column> columns;
  private final List<ExportedObject> objects = new ArrayList<>();

  Plan(List<Column> columns) {
    this.columns = List.copyOf(columns);
  }

  /**
   * A statistic.
   *
   * @param descriptor where its values are
   * @param family where they go
   * @param scale what they are multiplied by
   * @param buckets of a histogram
   * @param sum of a histogram, what its samples add up to, if that is known
   */
  record Column(
      Descriptor descriptor,
      Family family,
      Scale scale,
      @Nullable Buckets buckets,
      @Nullable Descriptor sum) {}

  List<Column> columns() {
    return columns;
  }

  /** {@return the objects of that schema, in the order of their VMMs} */
  List<ExportedObject> objects() {
    return objects;
  }
}
