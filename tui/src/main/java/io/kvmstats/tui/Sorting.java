package io.kvmstats.tui;

/**
 * How a table is sorted.
 *
 * @param column by its title; none for the order that the rows came in
 * @param isReversed whether the smallest number or the last text comes first
 */
record Sorting(String column, boolean isReversed) {
  static final Sorting NONE = new Sorting("", false);
}
