package io.kvmstats.tui;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The objects of one VMM, a row each: its VM, then its vCPUs, as illumos' kvmstat has them. */
final class VcpusTable {
  private static final String EXITS = "_exits";
  private static final int STAT_WIDTH = 6;
  private static final int STAT_RANK = 20;

  private static final List<Field> FIELDS =
      List.of(
          Field.NAME,
          Field.CPU,
          Field.STEAL,
          Field.EXITS,
          Field.HALTS,
          Field.POLL,
          Field.HALTED,
          Field.MMU,
          Field.SOURCE);

  private VcpusTable() {}

  static Grid of(ObservedVmm vmm, Model model, State state) {
    List<String> stats = classes(vmm);
    List<Column> columns = new ArrayList<>();
    FIELDS.forEach(field -> columns.add(field.column()));
    int rank = STAT_RANK;
    for (String stat : stats) {
      columns.add(Column.number(title(stat), STAT_WIDTH, rank++));
    }
    List<Row> rows = new ArrayList<>();
    for (Observed object : vmm.objects()) {
      if (state.passes(vmm.name(object))) {
        List<Cell> cells = new ArrayList<>();
        for (Field field : FIELDS) {
          cells.add(
              field == Field.NAME ? Cell.text(vmm.name(object)) : field.of(vmm, object, model));
        }
        stats.forEach(stat -> cells.add(rate(object, stat)));
        rows.add(Row.of(vmm.id(object), cells));
      }
    }
    return new Grid(columns, rows, Optional.empty(), state.sorting());
  }

  /** {@return what leaves of the guest are counted by besides all of them, in KVM's order} */
  private static List<String> classes(ObservedVmm vmm) {
    Set<String> stats = new LinkedHashSet<>();
    vmm.vcpus()
        .flatMap(vcpu -> vcpu.view().schema().descriptors().stream())
        .filter(stat -> stat.type() == StatType.CUMULATIVE && stat.unit() == Unit.NONE)
        .map(Descriptor::name)
        .filter(stat -> stat.endsWith(EXITS) || stat.equals("insn_emulation"))
        .filter(stat -> Metric.with(stat).isEmpty())
        .forEach(stats::add);
    return List.copyOf(stats);
  }

  private static String title(String stat) {
    String name = stat.endsWith(EXITS) ? stat.substring(0, stat.length() - EXITS.length()) : stat;
    return name.toUpperCase(Locale.ROOT) + "/S";
  }

  private static Cell rate(Observed object, String name) {
    return object
        .view()
        .schema()
        .find(name)
        .map(stat -> Cell.count(object.perSecond(stat).orElse(Double.NaN)))
        .orElse(Cell.EMPTY);
  }
}
