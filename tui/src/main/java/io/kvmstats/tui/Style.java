package io.kvmstats.tui;

/** What a piece of text means; which colour that has is the terminal's matter, or none. */
enum Style {
  PLAIN,
  /** Of less interest, such as an unknown value. */
  FAINT,
  /** Stands out without saying that anything is wrong. */
  STRONG,
  /** The line above a table, and others that frame the screen. */
  HEADING,
  /** The column that the table is sorted by. */
  SORTED,
  /** Where the user is. */
  SELECTED,
  /** Something to look at. */
  WARNING,
  /** Something that is wrong. */
  BAD,
  /** Good to know: what has changed of itself. */
  NOTE,
  /** Bars, sparklines and heat. */
  GRAPH
}
