package io.kvmstats.tui;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The columns that VMs can have, a row each. */
final class ColumnsTable {
  private static final List<Column> COLUMNS =
      List.of(
          Column.text("SHOWN", 5, 5, 0),
          Column.text("COLUMN", 10, 12, 1),
          Column.text("MEANING", 20, 80, 2));

  private ColumnsTable() {}

  static Grid of(State state) {
    List<Row> rows = new ArrayList<>();
    for (Field field : Field.values()) {
      rows.add(
          Row.of(
              field.name(),
              List.of(
                  Cell.text(state.fields.contains(field) ? "[x]" : "[ ]"),
                  Cell.text(field.title()),
                  Cell.text(field.meaning()))));
    }
    return new Grid(COLUMNS, rows, Optional.empty(), Sorting.NONE);
  }
}
