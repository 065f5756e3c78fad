package io.kvmstats.core.model;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All statistics of one kind of object, in the order the source lists them.
 *
 * <p>Two schemas are equal when they describe the same statistics in the same places, so one
 * instance can serve every VM, and another every vCPU, of a host. Immutable.
 */
public final class Schema {
  private final List<Descriptor> descriptors;
  private final Map<String, Descriptor> byName;
  private final long dataBytes;

  /**
   * Makes a schema.
   *
   * @param descriptors with distinct names
   * @throws IllegalArgumentException when two have one name
   */
  public Schema(List<Descriptor> descriptors) {
    this.descriptors = List.copyOf(descriptors);
    this.byName = HashMap.newHashMap(descriptors.size());
    long end = 0;
    for (Descriptor descriptor : this.descriptors) {
      if (byName.put(descriptor.name(), descriptor) != null) {
        throw new IllegalArgumentException("two statistics are named " + descriptor.name());
      }
      end = Math.max(end, descriptor.end());
    }
    this.dataBytes = end;
  }

  /** {@return the statistics, in the order the source lists them} */
  public List<Descriptor> descriptors() {
    return descriptors;
  }

  /**
   * {@return the statistic of that name, if the schema has it}
   *
   * @param name the kernel's name
   */
  public Optional<Descriptor> find(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** {@return how long a data block is, in bytes: up to the end of the last value} */
  public long dataBytes() {
    return dataBytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Schema schema && descriptors.equals(schema.descriptors);
  }

  @Override
  public int hashCode() {
    return descriptors.hashCode();
  }

  @Override
  public String toString() {
    return "Schema[" + descriptors.size() + " statistics, " + dataBytes + " bytes]";
  }
}
