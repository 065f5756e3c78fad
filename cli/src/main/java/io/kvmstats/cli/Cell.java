package io.kvmstats.cli;

import io.kvmstats.collect.Reading;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Unsigned;
import io.kvmstats.core.text.Text;
import java.util.List;
import java.util.Optional;

/**
 * A number of {@code watch}: a rate, a share of time or a value, in units.
 *
 * @param value NaN when unknown
 * @param reset whether it is unknown because the statistic was set back
 */
record Cell(double value, boolean reset) {
  static final Cell UNKNOWN = new Cell(Double.NaN, false);
  private static final Cell RESET = new Cell(Double.NaN, true);

  /** {@return what an object's last two samples say about a statistic} */
  static Cell of(Column column, Optional<Reading> reading) {
    Optional<Descriptor> found = reading.flatMap(r -> r.latest().schema().find(column.stat()));
    if (found.isEmpty()) {
      return UNKNOWN;
    }
    Reading samples = reading.orElseThrow();
    Descriptor descriptor = found.get();
    if (samples.reset(descriptor)) {
      return RESET;
    }
    if (column.kind() != Column.Kind.VALUE) {
      return new Cell(samples.perSecond(descriptor).orElse(Double.NaN), false);
    }
    return samples.latest().has(descriptor)
        ? new Cell(
            Unsigned.toDouble(samples.latest().value(descriptor)) * descriptor.scale(), false)
        : UNKNOWN;
  }

  /**
   * {@return what several objects' numbers are together: shares of time on average, everything else
   * summed; unknown as soon as one is}
   */
  static Cell together(Column column, List<Cell> cells) {
    if (cells.isEmpty()) {
      return UNKNOWN;
    }
    double sum = 0;
    boolean reset = false;
    for (Cell cell : cells) {
      sum += cell.value;
      reset |= cell.reset;
    }
    return new Cell(column.kind() == Column.Kind.SHARE ? sum / cells.size() : sum, reset);
  }

  boolean known() {
    return !Double.isNaN(value);
  }

  /** {@return the number for a table} */
  String text(Column column) {
    if (reset) {
      return "reset";
    }
    if (!known()) {
      return Text.UNKNOWN;
    }
    return column.kind() == Column.Kind.SHARE ? Text.percent(value) : Text.number(value);
  }
}
