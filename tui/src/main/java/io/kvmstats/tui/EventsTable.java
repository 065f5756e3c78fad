package io.kvmstats.tui;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.model.Unsigned;
import io.kvmstats.core.text.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** What all VMs counted together, a row per statistic: kvm_stat's screen, with its columns. */
final class EventsTable {
  static final String TOTAL = "Total";
  static final String RATE = "CurAvg/s";

  private static final List<Column> COLUMNS =
      List.of(
          Column.text("Event", 40, 48, 0),
          Column.number(TOTAL, 10, 1),
          Column.number("%Total", 7, 3),
          Column.number(RATE, 8, 2));

  private EventsTable() {}

  /** A statistic's sum. */
  private static final class Sum {
    private Amount total = Amount.NONE;
    private Amount rate = Amount.NONE;
    private final Map<String, Sum> parts = new TreeMap<>();

    void add(Amount furtherTotal, Amount furtherRate) {
      total = total.plus(furtherTotal);
      rate = rate.plus(furtherRate);
    }
  }

  static Grid of(Model model, State state) {
    Map<String, Sum> sums = new TreeMap<>();
    Sum all = new Sum();
    for (ObservedVmm vmm : model.latest().vmms()) {
      if (!state.only.isEmpty() && !state.only.equals(vmm.id())) {
        continue;
      }
      for (Observed object : vmm.objects()) {
        for (Descriptor stat : object.view().schema().descriptors()) {
          if (isEvent(stat) && state.wanted.test(stat) && state.passes(stat.name())) {
            Amount total =
                state
                    .total(vmm.id(object), object, stat)
                    .map(values -> Amount.of(Unsigned.toDouble(values[0]), 1))
                    .orElse(Amount.UNKNOWN);
            OptionalDouble perSecond = object.perSecond(stat);
            Amount rate =
                perSecond.isPresent() ? Amount.of(perSecond.getAsDouble(), 1) : Amount.UNKNOWN;
            Sum sum = sums.computeIfAbsent(stat.name(), name -> new Sum());
            Sum part = sum.parts.computeIfAbsent(vmm.name(), name -> new Sum());
            for (Sum one : List.of(all, sum, part)) {
              one.add(total, rate);
            }
          }
        }
      }
    }
    List<Row> rows = new ArrayList<>();
    sums.forEach((name, sum) -> {
      // kvm_stat's list ends where those begin that never happened.
      if (sum.total.sum() > 0 || sum.total.unknown() > 0) {
        rows.add(row(name, sum, all.total.sum(), state.unfolded.contains(state.place)));
      }
    });
    Row total = new Row("", cells("Total", all, all.total.sum()), Style.STRONG, List.of());
    return new Grid(COLUMNS, rows, Optional.of(total), state.sorting());
  }

  /** Times and sizes are no events; kvm_stat's tracepoints aren't either, and it has no others. */
  private static boolean isEvent(Descriptor stat) {
    return stat.type() == StatType.CUMULATIVE && stat.unit() == Unit.NONE;
  }

  private static Row row(String name, Sum sum, double all, boolean isExpanded) {
    List<Row> children = new ArrayList<>();
    if (isExpanded) {
      sum.parts.forEach((vm, part) ->
          children.add(
              Row.of(name + "(" + vm + ")", cells(" " + name + "(" + vm + ")", part, all))));
    }
    return new Row(name, cells(name, sum, all), Style.PLAIN, children);
  }

  private static List<Cell> cells(String name, Sum sum, double all) {
    return List.of(
        Cell.text(Text.printable(name)),
        cell(sum.total),
        all > 0 && sum.total.known() > 0 ? Cell.share(sum.total.sum() / all) : Cell.UNKNOWN,
        cell(sum.rate));
  }

  private static Cell cell(Amount amount) {
    if (amount.known() == 0) {
      return Cell.UNKNOWN;
    }
    String mark = amount.unknown() > 0 ? "*" : "";
    return new Cell(
        String.format(Locale.ROOT, "%.0f", amount.sum()) + mark, amount.sum(), Style.PLAIN);
  }
}
