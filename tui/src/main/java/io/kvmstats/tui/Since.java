package io.kvmstats.tui;

import io.kvmstats.core.model.Descriptor;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What totals are counted from: all objects as they were when the user said so. */
final class Since {
  private final Instant time;
  private final Map<String, Observed> objects = new HashMap<>();

  Since(Snapshot then) {
    this.time = then.time();
    for (ObservedVmm vmm : then.vmms()) {
      vmm.objects().forEach(object -> objects.put(vmm.id(object), object));
    }
  }

  Instant time() {
    return time;
  }

  /**
   * {@return how far a cumulative statistic's values have come since then; empty when unknown}
   *
   * @param id of the object
   * @param now its values now
   */
  Optional<long[]> counted(String id, Descriptor stat, long[] now) {
    Observed object = objects.get(id);
    if (object == null) {
      return Optional.of(now); // It is younger.
    }
    Optional<long[]> then = object.view().schema().find(stat.name()).flatMap(object::values);
    if (then.isEmpty() || then.get().length != now.length) {
      return Optional.empty();
    }
    long[] counted = new long[now.length];
    for (int i = 0; i < now.length; i++) {
      if (Long.compareUnsigned(now[i], then.get()[i]) < 0) {
        return Optional.of(now); // It was reset, and counts from there.
      }
      counted[i] = now[i] - then.get()[i];
    }
    return Optional.of(counted);
  }
}
