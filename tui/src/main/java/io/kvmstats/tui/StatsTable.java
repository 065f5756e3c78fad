package io.kvmstats.tui;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.model.Unsigned;
import io.kvmstats.core.text.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** All statistics of one object, a row each. */
final class StatsTable {
  private static final int TOTAL_WIDTH = 14;
  private static final int MEANING_WIDTH = 200;

  private static final List<Column> COLUMNS =
      List.of(
          Column.text("STATISTIC", 26, 48, 0),
          Column.number("RATE", 9, 1),
          Column.number("TOTAL", TOTAL_WIDTH, 2),
          Column.text("UNIT", 4, 12, 3),
          Column.text("TYPE", 14, 16, 4),
          Column.text("MEANING", 20, MEANING_WIDTH, 5));

  private StatsTable() {}

  static Grid of(ObservedVmm vmm, Observed object, State state, Meanings meanings) {
    List<Row> rows = new ArrayList<>();
    for (Descriptor stat : object.view().schema().descriptors()) {
      if (state.wanted.test(stat) && state.passes(stat.name())) {
        rows.add(row(vmm, object, stat, state, meanings));
      }
    }
    return new Grid(COLUMNS, rows, Optional.empty(), state.sorting());
  }

  private static Row row(
      ObservedVmm vmm, Observed object, Descriptor stat, State state, Meanings meanings) {
    boolean isHistogram = stat.type().isHistogram();
    return Row.of(
        stat.name(),
        List.of(
            Cell.text(Text.printable(stat.name())),
            rate(object, stat),
            total(vmm, object, stat, state),
            Cell.text(isHistogram ? "samples" : Text.unit(stat)),
            Cell.text(Text.typeWord(stat.type()).orElse("? " + stat.typeCode())),
            Cell.text(meanings.of(vmm, object, stat.name()))));
  }

  private static Cell rate(Observed object, Descriptor stat) {
    if (!stat.type().isCumulative()) {
      return Cell.EMPTY; // It goes up and down.
    }
    if (object.reading().filter(reading -> reading.reset(stat)).isPresent()) {
      return new Cell("reset", Double.NaN, Style.NOTE);
    }
    if (stat.type().isHistogram()) {
      return perSecond(object, stat).stream()
          .mapToObj(Cell::count)
          .findFirst()
          .orElse(Cell.UNKNOWN);
    }
    OptionalDouble rate = object.perSecond(stat);
    if (rate.isEmpty()) {
      return Cell.UNKNOWN;
    }
    return stat.unit() == Unit.SECONDS
        ? new Cell(Text.percent(rate.getAsDouble()) + " %", rate.getAsDouble(), Style.PLAIN)
        : Cell.count(rate.getAsDouble());
  }

  /** {@return how many samples a histogram got per second} */
  private static OptionalDouble perSecond(Observed object, Descriptor histogram) {
    Optional<long[]> deltas = object.deltas(histogram);
    OptionalDouble seconds = object.seconds();
    return deltas.isEmpty() || seconds.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(sum(deltas.get()) / seconds.getAsDouble());
  }

  private static double sum(long[] counts) {
    double sum = 0;
    for (long count : counts) {
      sum += Unsigned.toDouble(count);
    }
    return sum;
  }

  private static Cell total(ObservedVmm vmm, Observed object, Descriptor stat, State state) {
    Optional<long[]> values = state.total(vmm.id(object), object, stat);
    if (values.isEmpty()) {
      return Cell.UNKNOWN;
    }
    long total = 0;
    for (long value : values.get()) {
      total += value;
    }
    String text =
        stat.type() == StatType.UNKNOWN || stat.unit() != Unit.BOOLEAN
            ? Long.toUnsignedString(total)
            : total == 0 ? "no" : "yes";
    return new Cell(text, Unsigned.toDouble(total), Style.PLAIN);
  }
}
