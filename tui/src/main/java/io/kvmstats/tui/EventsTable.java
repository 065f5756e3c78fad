package io.kvmstats.tui;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.model.Unsigned;
import io.kvmstats.core.text.Text;
import java.util.ArrayList;
import java.util.List;
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
    private double total;
    private double rate;
    private boolean isPartial;
    private final Map<String, Sum> parts = new TreeMap<>();

    void add(Optional<long[]> values, long before, OptionalDouble perSecond) {
      if (values.isEmpty()) {
        isPartial = true;
        return;
      }
      total += Unsigned.toDouble(values.get()[0] - before);
      rate += perSecond.orElse(0);
      isPartial |= perSecond.isEmpty();
    }
  }

  static Grid of(Model model, State state) {
    Map<String, Sum> sums = new TreeMap<>();
    Sum all = new Sum();
    for (ObservedVmm vmm : model.latest().vmms()) {
      for (Observed object : vmm.objects()) {
        for (Descriptor stat : object.view().schema().descriptors()) {
          if (isEvent(stat) && state.passes(stat.name())) {
            Optional<long[]> values = object.values(stat);
            long before = state.before(vmm.id(object), stat.name(), 1)[0];
            Sum sum = sums.computeIfAbsent(stat.name(), name -> new Sum());
            Sum part = sum.parts.computeIfAbsent(vmm.name(), name -> new Sum());
            for (Sum one : List.of(all, sum, part)) {
              one.add(values, before, object.perSecond(stat));
            }
          }
        }
      }
    }
    List<Row> rows = new ArrayList<>();
    sums.forEach((name, sum) -> {
      if (sum.total > 0 || sum.isPartial) { // kvm_stat's list ends where they begin.
        rows.add(row(name, sum, all.total, state.unfolded.contains(state.place)));
      }
    });
    Row total = new Row("", cells("Total", all, all.total), Style.STRONG, List.of());
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
    String mark = sum.isPartial ? "*" : "";
    return List.of(
        Cell.text(Text.printable(name)),
        new Cell(String.format("%.0f", sum.total) + mark, sum.total, Style.PLAIN),
        all > 0 ? Cell.share(sum.total / all) : Cell.UNKNOWN,
        new Cell(String.format("%.0f", sum.rate) + mark, sum.rate, Style.PLAIN));
  }
}
