package io.kvmstats.tui;

/**
 * A column of a table.
 *
 * @param title above it
 * @param isNumber whether it is aligned to the right, and sorted by size, the largest first
 * @param least how wide it is at least, so that it does not move with every number
 * @param most how wide it may be
 * @param rank which columns go first when there is no room for all: those of the highest
 */
record Column(String title, boolean isNumber, int least, int most, int rank) {
  static Column number(String title, int least, int rank) {
    return new Column(title, true, Math.max(least, title.length()), 24, rank);
  }

  static Column text(String title, int least, int most, int rank) {
    return new Column(title, false, Math.max(least, title.length()), most, rank);
  }
}
