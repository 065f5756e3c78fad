package io.kvmstats.tui;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The host's VMs, a row each, and what they are together. */
final class VmsTable {
  /** Between the columns of the sparkline: the longer, the wider the screen. */
  private static final int SPARK_SHARE = 12;

  private static final int SPARK_LEAST = 7;
  private static final int SPARK_RANK = 4;

  private VmsTable() {}

  static Grid of(Model model, State state, int width) {
    List<Field> fields = new ArrayList<>(state.fields);
    Optional<Field> sorted =
        fields.stream().filter(f -> f.title().equals(state.sorting().column())).findFirst();
    int spark = Math.clamp(width / SPARK_SHARE, SPARK_LEAST, Track.LENGTH / 4);
    List<Column> columns = new ArrayList<>();
    for (Field field : fields) {
      columns.add(field.column());
      if (sorted.equals(Optional.of(field)) && field.metric().isPresent()) {
        columns.add(Column.text("", spark, spark, SPARK_RANK));
      }
    }
    Cells cells = new Cells(fields, sorted, spark, model);
    List<Row> rows = new ArrayList<>();
    for (ObservedVmm vmm : model.vmms()) {
      if (state.passes(vmm.name())) {
        rows.add(
            cells.row(
                vmm, state.unfolded.contains(state.place) || state.expanded.contains(vmm.id())));
      }
    }
    return new Grid(columns, rows, Optional.of(cells.total(state)), state.sorting());
  }

  /** {@return what the total leaves out: a sentence, empty when that is nothing} */
  static String leftOut(Model model, State state) {
    Set<String> names = new TreeSet<>();
    List<ObservedVmm> vmms = counted(model, state);
    for (Field field : state.fields) {
      field
          .metric()
          .filter(metric -> vmms.stream().anyMatch(vmm -> vmm.amount(metric).known() > 0))
          .ifPresent(metric ->
              vmms.stream()
                  .filter(vmm -> lacks(vmm, metric))
                  .forEach(vmm -> names.add(vmm.name())));
    }
    return names.isEmpty()
        ? ""
        : "  * without what is unknown of " + names.size() + ": " + String.join(", ", names);
  }

  /** A VM whose source has no such number lacks it as well as one that could not be read. */
  private static boolean lacks(ObservedVmm vmm, Metric metric) {
    Amount amount = vmm.amount(metric);
    return amount.unknown() > 0 || (amount.known() == 0 && !vmm.view().vcpus().isEmpty());
  }

  private static List<ObservedVmm> counted(Model model, State state) {
    return model.latest().vmms().stream().filter(vmm -> state.passes(vmm.name())).toList();
  }

  private record Cells(List<Field> fields, Optional<Field> sorted, int spark, Model model) {
    private interface Content {
      Cell of(Field field);
    }

    private List<Cell> cells(Content content, String id) {
      List<Cell> cells = new ArrayList<>();
      for (Field field : fields) {
        cells.add(content.of(field));
        if (sorted.equals(Optional.of(field))) {
          field.metric().ifPresent(metric -> cells.add(sparkline(id, metric)));
        }
      }
      return cells;
    }

    private Cell sparkline(String id, Metric metric) {
      return model
          .before(id)
          .map(track -> Sparkline.of(track.last(metric, Track.LENGTH), spark))
          .map(line -> new Cell(line, Double.NaN, Style.GRAPH))
          .orElse(Cell.EMPTY);
    }

    Row row(ObservedVmm vmm, boolean isExpanded) {
      List<Row> children =
          !isExpanded
              ? List.of()
              : vmm.objects().stream()
                  .map(object ->
                      Row.of(
                          vmm.id(object),
                          cells(field -> field.of(vmm, object, model), vmm.id(object))))
                  .toList();
      Style style = model.isGone(vmm.id()) ? Style.FAINT : Style.PLAIN;
      return new Row(vmm.id(), cells(field -> field.of(vmm, model), vmm.id()), style, children);
    }

    Row total(State state) {
      List<ObservedVmm> vmms = counted(model, state);
      return new Row("", cells(field -> total(field, vmms), ""), Style.STRONG, List.of());
    }

    private static Cell total(Field field, List<ObservedVmm> vmms) {
      if (field == Field.NAME) {
        return Cell.text("TOTAL");
      }
      if (field == Field.VCPUS) {
        return Cell.count(vmms.stream().mapToInt(vmm -> vmm.view().vcpus().size()).sum());
      }
      if (field.metric().isEmpty()) {
        return Cell.EMPTY;
      }
      Metric metric = field.metric().get();
      Amount all = Amount.NONE;
      for (ObservedVmm vmm : vmms) {
        all = all.plus(vmm.amount(metric));
      }
      Cell cell = field.number(metric.summed(all).ofKnown());
      return all.known() > 0 && vmms.stream().anyMatch(vmm -> lacks(vmm, metric))
          ? new Cell(cell.text() + "*", cell.order(), cell.style())
          : cell;
    }
  }
}
