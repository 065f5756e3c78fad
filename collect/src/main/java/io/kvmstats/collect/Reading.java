package io.kvmstats.collect;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Unsigned;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * An object's newest sample and the one before it: deltas and rates.
 *
 * <p>What was not read in both is unknown: empty, never 0. So is what was reset between them, since
 * nobody knows how far it had come. Immutable.
 *
 * @param latest the newest sample
 * @param previous the one before it, if there was one
 */
public record Reading(Sample latest, Optional<Sample> previous) {
  private static final double NANOS_PER_SECOND = 1e9;

  /**
   * {@return how much a cumulative value, or each bucket of a histogram, grew; empty when unknown}
   *
   * @param descriptor of these samples' schema
   */
  public Optional<long[]> deltas(Descriptor descriptor) {
    if (!comparable(descriptor)) {
      return Optional.empty();
    }
    Sample before = previous.orElseThrow();
    long[] deltas = new long[descriptor.size()];
    for (int i = 0; i < deltas.length; i++) {
      long now = latest.value(descriptor, i);
      long then = before.value(descriptor, i);
      if (Long.compareUnsigned(now, then) < 0) {
        return Optional.empty(); // It was reset.
      }
      deltas[i] = now - then;
    }
    return Optional.of(deltas);
  }

  /**
   * {@return whether a cumulative value, or any bucket of a histogram, fell: somebody wrote to its
   * debugfs file}
   *
   * @param descriptor of these samples' schema
   */
  public boolean reset(Descriptor descriptor) {
    if (!comparable(descriptor)) {
      return false;
    }
    Sample before = previous.orElseThrow();
    for (int i = 0; i < descriptor.size(); i++) {
      if (Long.compareUnsigned(latest.value(descriptor, i), before.value(descriptor, i)) < 0) {
        return true;
      }
    }
    return false;
  }

  /** {@return the time from one read to the next, middle to middle, in seconds} */
  public OptionalDouble seconds() {
    return previous.stream()
        .mapToDouble(before -> (latest.midNanos() - before.midNanos()) / NANOS_PER_SECOND)
        .filter(seconds -> seconds > 0)
        .findFirst();
  }

  /**
   * {@return by how many of its units a cumulative statistic grew per second: of one in seconds,
   * the share of time; empty when unknown, also of a histogram}
   *
   * @param descriptor of these samples' schema
   */
  public OptionalDouble perSecond(Descriptor descriptor) {
    if (descriptor.type().isHistogram()) {
      return OptionalDouble.empty();
    }
    Optional<long[]> deltas = deltas(descriptor);
    OptionalDouble seconds = seconds();
    if (deltas.isEmpty() || seconds.isEmpty()) {
      return OptionalDouble.empty();
    }
    double rate = Unsigned.toDouble(deltas.get()[0]) * descriptor.scale() / seconds.getAsDouble();
    return Double.isNaN(rate) ? OptionalDouble.empty() : OptionalDouble.of(rate);
  }

  private boolean comparable(Descriptor descriptor) {
    return descriptor.type().isCumulative()
        && latest.has(descriptor)
        && previous.isPresent()
        && previous.get().has(descriptor);
  }
}
