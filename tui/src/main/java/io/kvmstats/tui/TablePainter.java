package io.kvmstats.tui;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Draws a table into as much room as there is. */
final class TablePainter {
  private static final String FALLING = "▼";
  private static final String RISING = "▲";

  private final Grid grid;
  private final int width;
  private final List<Row> rows;
  private final List<Integer> shown;
  private final int[] widths;

  TablePainter(Grid grid, int width) {
    this.grid = grid;
    this.width = width;
    this.rows = grid.sorted();
    this.widths = new int[grid.columns().size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = needed(i);
    }
    this.shown = shown();
    narrow();
    widen();
  }

  private int needed(int column) {
    Column wanted = grid.columns().get(column);
    int needed = Math.max(wanted.least(), wanted.title().length() + 1);
    for (Row row : rows) {
      needed = Math.max(needed, Line.width(row.cells().get(column).text()));
    }
    if (grid.total().isPresent()) {
      needed = Math.max(needed, Line.width(grid.total().get().cells().get(column).text()));
    }
    return Math.min(needed, Math.max(wanted.most(), wanted.least()));
  }

  /** The most important columns come first, and of the others those for which there is room. */
  private List<Integer> shown() {
    List<Integer> byRank = new ArrayList<>();
    for (int i = 0; i < widths.length; i++) {
      byRank.add(i);
    }
    byRank.sort(Comparator.comparingInt(i -> grid.columns().get(i).rank()));
    List<Integer> all = new ArrayList<>();
    for (Integer next : byRank) {
      all.add(next);
      if (all.size() > 1 && total(all, true) > width) {
        all.removeLast();
      }
    }
    Collections.sort(all);
    return all;
  }

  /** {@return the columns that there is room for} */
  List<Column> columns() {
    return shown.stream().map(grid.columns()::get).toList();
  }

  private int total(List<Integer> columns, boolean least) {
    int total = columns.size() - 1;
    for (int i : columns) {
      total +=
          least && !grid.columns().get(i).isNumber() ? grid.columns().get(i).least() : widths[i];
    }
    return total;
  }

  /** Texts give way where there is not enough room, the last one first. */
  private void narrow() {
    for (int k = shown.size() - 1; k >= 0 && total(shown, false) > width; k--) {
      int i = shown.get(k);
      if (!grid.columns().get(i).isNumber()) {
        int spare = widths[i] - grid.columns().get(i).least();
        widths[i] -= Math.min(spare, total(shown, false) - width);
      }
    }
  }

  /** What is left goes to the last column if it is a text. */
  private void widen() {
    int last = shown.getLast();
    int left = width - total(shown, false);
    Column column = grid.columns().get(last);
    if (left > 0 && !column.isNumber()) {
      widths[last] = Math.min(column.most(), widths[last] + left);
    }
  }

  /** {@return the rows in their order} */
  List<Row> rows() {
    return rows;
  }

  /** {@return the line above the table} */
  Line heading() {
    Line line = new Line();
    int sorted = grid.sortedBy();
    for (int i : shown) {
      Column column = grid.columns().get(i);
      boolean isSorted = i == sorted;
      boolean isFalling = column.isNumber() != grid.sorting().isReversed();
      String title = column.title() + (isSorted ? isFalling ? FALLING : RISING : "");
      line.add(line.width() == 0 ? "" : " ", Style.HEADING)
          .add(
              Line.pad(title, widths[i], column.isNumber()),
              isSorted ? Style.SORTED : Style.HEADING);
    }
    return line.fit(width, Style.HEADING);
  }

  /**
   * {@return the rows around the selected one}
   *
   * @param selected its place
   * @param height how many there is room for
   */
  List<Line> around(int selected, int height) {
    int first = Math.clamp((long) selected - height / 2, 0, Math.max(0, rows.size() - height));
    List<Line> lines = new ArrayList<>();
    for (int i = first; i < Math.min(rows.size(), first + height); i++) {
      lines.add(i == selected ? line(rows.get(i)).all(Style.SELECTED) : line(rows.get(i)));
    }
    return lines;
  }

  /** {@return the row below all others, if there is one} */
  Optional<Line> total() {
    return grid.total().map(this::line);
  }

  private Line line(Row row) {
    Line line = new Line();
    for (int i : shown) {
      Cell cell = row.cells().get(i);
      Style style = cell.style() == Style.PLAIN ? row.style() : cell.style();
      line.add(line.width() == 0 ? "" : " ", row.style())
          .add(Line.pad(cell.text(), widths[i], grid.columns().get(i).isNumber()), style);
    }
    return line.fit(width, row.style());
  }
}
