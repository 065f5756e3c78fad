package io.kvmstats.cli;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Unsigned;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** What one object did in each run of {@code stat}. */
final class Span {
  private final VmmView vmm;
  private final ObjectView object;
  private final List<Reading> runs = new ArrayList<>();

  Span(VmmView vmm, ObjectView object) {
    this.vmm = vmm;
    this.object = object;
  }

  /** Adds the run that lies between the last two sweeps. */
  void add() {
    object.read().ifPresent(this::add);
  }

  void add(Reading run) {
    runs.add(run);
  }

  VmmView vmm() {
    return vmm;
  }

  ObjectView object() {
    return object;
  }

  /** {@return how many runs there were} */
  int runs() {
    return runs.size();
  }

  /** {@return the reading at the end of the last run} */
  Optional<Reading> last() {
    return runs.isEmpty() ? Optional.empty() : Optional.of(runs.getLast());
  }

  /**
   * {@return by how much a value, or each bucket, grew in all runs; empty if that is unknown of
   * any}
   */
  Optional<long[]> totals(Descriptor descriptor) {
    long[] sums = new long[descriptor.size()];
    for (Reading run : runs) {
      Optional<long[]> deltas = run.deltas(descriptor);
      if (deltas.isEmpty()) {
        return deltas;
      }
      Arrays.setAll(sums, i -> sums[i] + deltas.get()[i]);
    }
    return runs.isEmpty() ? Optional.empty() : Optional.of(sums);
  }

  /** {@return by how much a value grew per run, on average; empty if that is unknown of any run} */
  OptionalDouble mean(Descriptor descriptor) {
    Optional<long[]> totals = totals(descriptor);
    return totals.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(Unsigned.toDouble(totals.get()[0]) / runs.size());
  }

  /**
   * {@return the standard deviation of the mean, as a share of it: perf stat's "+-"; empty with one
   * run, of a histogram, or where the mean is unknown or 0}
   */
  OptionalDouble spread(Descriptor descriptor) {
    if (runs.size() < 2 || descriptor.type().isHistogram()) {
      return OptionalDouble.empty();
    }
    OptionalDouble mean = mean(descriptor);
    if (mean.isEmpty() || mean.getAsDouble() == 0) {
      return OptionalDouble.empty();
    }
    double squares = 0;
    for (Reading run : runs) {
      double delta = Unsigned.toDouble(run.deltas(descriptor).orElseThrow()[0]);
      squares += (delta - mean.getAsDouble()) * (delta - mean.getAsDouble());
    }
    double variance = squares / (runs.size() - 1);
    return OptionalDouble.of(Math.sqrt(variance / runs.size()) / mean.getAsDouble());
  }

  /** {@return whether a value fell in any run: somebody wrote to its debugfs file} */
  boolean reset(Descriptor descriptor) {
    return runs.stream().anyMatch(run -> run.reset(descriptor));
  }

  /** {@return how long a run took on average, in seconds} */
  OptionalDouble seconds() {
    return runs.stream()
        .map(Reading::seconds)
        .filter(OptionalDouble::isPresent)
        .mapToDouble(OptionalDouble::getAsDouble)
        .average();
  }

  /** {@return the growth per second, in units; of a statistic in seconds, the share of time} */
  OptionalDouble perSecond(Descriptor descriptor) {
    if (descriptor.type().isHistogram()) {
      return OptionalDouble.empty();
    }
    OptionalDouble mean = mean(descriptor);
    OptionalDouble seconds = seconds();
    if (mean.isEmpty() || seconds.isEmpty()) {
      return OptionalDouble.empty();
    }
    double rate = mean.getAsDouble() * descriptor.scale() / seconds.getAsDouble();
    return Double.isNaN(rate) ? OptionalDouble.empty() : OptionalDouble.of(rate);
  }
}
