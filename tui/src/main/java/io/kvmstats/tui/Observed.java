package io.kvmstats.tui;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.core.model.Descriptor;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A VM or a vCPU as one sweep found it.
 *
 * @param view what it is
 * @param reading its last two samples then
 * @param amounts its metrics, which are asked for again and again
 */
record Observed(ObjectView view, Optional<Reading> reading, Map<Metric, Amount> amounts) {
  Observed(ObjectView view, Optional<Reading> reading) {
    this(view, reading, Metric.ofAll(view, reading));
  }

  /** {@return its part of a metric} */
  Amount amount(Metric metric) {
    return amounts.getOrDefault(metric, Amount.NONE);
  }

  /** {@return a cumulative statistic's growth per second, in its unit} */
  OptionalDouble perSecond(Descriptor stat) {
    return reading.map(r -> r.perSecond(stat)).orElse(OptionalDouble.empty());
  }

  /** {@return the time from the sample before to the last one, in seconds} */
  OptionalDouble seconds() {
    return reading.map(Reading::seconds).orElse(OptionalDouble.empty());
  }

  /** {@return how much each value of a cumulative statistic or histogram grew} */
  Optional<long[]> deltas(Descriptor stat) {
    return reading.flatMap(r -> r.deltas(stat));
  }

  /** {@return a statistic's values, raw; empty when they were not read} */
  Optional<long[]> values(Descriptor stat) {
    return reading
        .map(Reading::latest)
        .filter(sample -> sample.has(stat))
        .map(sample -> {
          long[] values = new long[stat.size()];
          for (int i = 0; i < values.length; i++) {
            values[i] = sample.value(stat, i);
          }
          return values;
        });
  }

  /** {@return whether a statistic was set back since the sample before} */
  boolean wasReset(Descriptor stat) {
    return reading.isPresent() && reading.get().reset(stat);
  }
}
