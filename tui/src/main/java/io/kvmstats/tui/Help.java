package io.kvmstats.tui;

import java.util.ArrayList;
import java.util.List;

/** What the keys do, and what the columns mean. */
final class Help {
  private static final List<List<String>> KEYS =
      List.of(
          List.of("↑ ↓ PgUp PgDn Home End", "move; the mouse's wheel does too"),
          List.of("Enter →", "open: a VM's vCPUs, a vCPU's statistics, a histogram"),
          List.of("Esc ← Backspace", "back"),
          List.of("< >", "sort by the column to the left, to the right"),
          List.of("R", "sort the other way round"),
          List.of("o", "sort by the next column; events by Total or CurAvg/s"),
          List.of("/ f", "show what matches a regular expression; c all again"),
          List.of("e", "show the vCPUs of the selected VM below it"),
          List.of("x", "show the vCPUs of all VMs; the VMs of all events"),
          List.of("b", "events of all VMs, as kvm_stat has them; or VMs again"),
          List.of("g p", "open the VM of a name, of a process"),
          List.of("space", "pause the screen, and go on"),
          List.of("s", "seconds between readings"),
          List.of("r", "count totals from now on; again: from the VM's start"),
          List.of("C", "choose columns; the choice is kept"),
          List.of("h ?", "this help"),
          List.of("q", "quit; any other key draws the screen anew"));

  private static final int KEY_WIDTH = 24;
  private static final int TITLE_WIDTH = 12;

  private Help() {}

  static List<Line> lines() {
    List<Line> lines = new ArrayList<>();
    for (List<String> key : KEYS) {
      lines.add(line(key.get(0), key.get(1), KEY_WIDTH));
    }
    lines.add(new Line());
    for (Field field : Field.values()) {
      lines.add(line(field.title(), field.meaning(), TITLE_WIDTH));
    }
    lines.add(new Line());
    lines.add(new Line().add("– is unknown, not 0. A total with * lacks what is unknown."));
    return lines;
  }

  private static Line line(String what, String text, int width) {
    return new Line().add(Line.pad(what, width, false), Style.STRONG).add(text);
  }
}
