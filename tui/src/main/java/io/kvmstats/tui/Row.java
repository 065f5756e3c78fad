package io.kvmstats.tui;

import java.util.List;

/**
 * A row of a table.
 *
 * @param id what tells it from the others, also at the next sweep
 * @param cells one per column
 * @param style of what has no style of its own
 * @param children rows that stay below it, however the table is sorted
 */
record Row(String id, List<Cell> cells, Style style, List<Row> children) {
  static Row of(String id, List<Cell> cells) {
    return new Row(id, cells, Style.PLAIN, List.of());
  }
}
