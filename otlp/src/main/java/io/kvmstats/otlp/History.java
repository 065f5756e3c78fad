package io.kvmstats.otlp;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was pushed of one object last, and since when each of its statistics counts.
 *
 * <p>That is since its VMM was started, until one is less than it was: then it was set back after
 * the time that was pushed with it. Compared is what was pushed, not the two samples of a reading:
 * others may have swept in between.
 */
final class History {
  private final long startNanos;
  private final Map<String, Long> resets = new HashMap<>();
  private @Nullable Sample last;
  private long lastNanos;

  /**
   * Begins with nothing pushed.
   *
   * @param startNanos when its VMM was started, in ns since 1970; 0 when that isn't known
   */
  History(long startNanos) {
    this.startNanos = startNanos;
  }

  /**
   * {@return since when a statistic counts, in ns since 1970; 0 when that isn't known}
   *
   * @param now the sample that is pushed now
   * @param nowNanos its time, in ns since 1970
   * @param parts the statistic, and what else goes into its points, all in that sample
   */
  long start(Sample now, long nowNanos, List<Descriptor> parts) {
    String name = parts.getFirst().name();
    Sample before = last;
    if (before != null && parts.stream().anyMatch(part -> fell(before, now, part))) {
      resets.put(name, lastNanos);
    }
    long start = resets.getOrDefault(name, startNanos);
    // The clock may have been set, and a start that lies ahead is none.
    return start < nowNanos ? start : 0;
  }

  /** Takes note of a sample all of whose statistics have been asked for. */
  void pushed(Sample now, long nowNanos) {
    last = now;
    lastNanos = nowNanos;
  }

  private static boolean fell(Sample before, Sample now, Descriptor part) {
    // By its name: who has an object's place after it may have another schema.
    Descriptor then =
        before.schema().find(part.name()).filter(it -> it.size() == part.size()).orElse(null);
    if (then == null || !before.has(then)) {
      return false;
    }
    for (int i = 0; i < part.size(); i++) {
      if (Long.compareUnsigned(now.value(part, i), before.value(then, i)) < 0) {
        return true;
      }
    }
    return false;
  }
}
