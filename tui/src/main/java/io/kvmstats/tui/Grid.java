package io.kvmstats.tui;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A table, whatever is in it.
 *
 * @param columns from left to right
 * @param rows sorted by nothing yet
 * @param total below all rows
 * @param sorting what the rows are to be sorted by
 */
record Grid(List<Column> columns, List<Row> rows, Optional<Row> total, Sorting sorting) {

  /** {@return the rows in their order, children behind their parents} */
  List<Row> sorted() {
    List<Row> tops = new ArrayList<>(rows);
    tops.sort(order());
    List<Row> all = new ArrayList<>();
    for (Row top : tops) {
      all.add(top);
      all.addAll(top.children());
    }
    return all;
  }

  /** {@return the place of the column that the table is sorted by, -1 of none} */
  int sortedBy() {
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).title().equals(sorting.column()) && !sorting.column().isEmpty()) {
        return i;
      }
    }
    return -1;
  }

  private Comparator<Row> order() {
    int by = sortedBy();
    if (by < 0) {
      return (_, _) -> 0; // List.sort is stable.
    }
    if (!columns.get(by).isNumber()) {
      Comparator<Row> order =
          Comparator.comparing(row -> row.cells().get(by).text(), NaturalOrder.COMPARATOR);
      return sorting.isReversed() ? order.reversed() : order;
    }
    Comparator<Double> direction =
        sorting.isReversed() ? Comparator.naturalOrder() : Comparator.reverseOrder();
    return Comparator.<Row, Boolean>comparing(row -> Double.isNaN(row.cells().get(by).order()))
        .thenComparing(row -> row.cells().get(by).order(), direction);
  }
}
