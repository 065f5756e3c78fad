package io.kvmstats.tui;

import static java.time.temporal.ChronoUnit.SECONDS;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.text.Text;
import io.kvmstats.tui.State.Place;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/** Makes a screen of what was read and of what the user wants to see. */
final class Screens {
  private static final int DETAIL_LINES = 3;
  private static final int TALL = 16;
  private static final long SECOND_NANOS = 1_000_000_000L;

  private final Meanings meanings;
  private final ZoneId zone;

  /**
   * Makes screens.
   *
   * @param zone of the times on them
   */
  Screens(ZoneId zone) {
    this(zone, System.getProperty("os.arch", ""));
  }

  Screens(ZoneId zone, String architecture) {
    this.zone = zone;
    this.meanings = new Meanings(architecture);
  }

  /**
   * {@return a screen's lines, from the top}
   *
   * @param nowNanos as {@link System#nanoTime} counts
   */
  List<Line> draw(Model model, State state, int width, int height, long nowNanos) {
    List<Line> lines = new ArrayList<>();
    lines.add(title(model, state, nowNanos).fit(width, Style.PLAIN));
    lines.add(second(model, state, width).fit(width, Style.PLAIN));
    int room = Math.max(1, height - lines.size() - 1);
    List<Line> body =
        switch (state.place) {
          case HELP -> scrolled(Help.lines(), state, room);
          case HISTOGRAM -> histogram(model, state, width, room);
          default -> table(model, state, width, room);
        };
    for (int i = 0; i < room; i++) {
      lines.add(i < body.size() ? body.get(i).fit(width, Style.PLAIN) : blank(width));
    }
    lines.add(keys(state).fit(width, Style.HEADING));
    return lines.subList(0, Math.min(height, lines.size()));
  }

  private static Line blank(int width) {
    return new Line().fit(width, Style.PLAIN);
  }

  private Line title(Model model, State state, long nowNanos) {
    Snapshot latest = model.latest();
    Line line = new Line().add("kvmstats top", Style.STRONG);
    if (latest.isNothing()) {
      return line.add("  looking for VMs");
    }
    if (state.isPaused) {
      line.add("  ").add(" paused ", Style.SELECTED);
    } else if (nowNanos - latest.nanos() > 2 * state.interval.toNanos() + SECOND_NANOS) {
      line.add("  no reading for " + (nowNanos - latest.nanos()) / SECOND_NANOS + " s", Style.BAD);
    }
    long vcpus = latest.vmms().stream().mapToLong(vmm -> vmm.view().vcpus().size()).sum();
    line.add(
        String.format(
            Locale.ROOT,
            "  %s  %s, %s  every %s",
            DateTimeFormatter.ISO_LOCAL_TIME.format(
                latest.time().atZone(zone).toLocalTime().truncatedTo(SECONDS)),
            number(latest.vmms().stream().mapToInt(vmm -> vmm.view().vms()).sum(), "VM"),
            number(vcpus, "vCPU"),
            Text.seconds(state.interval.toNanos() / 1e9)));
    state.since.ifPresent(then ->
        line.add(
            "  totals since "
                + DateTimeFormatter.ISO_LOCAL_TIME.format(
                    then.time().atZone(zone).toLocalTime().truncatedTo(SECONDS))));
    return line;
  }

  private static String number(long count, String of) {
    return count + " " + of + (count == 1 ? "" : of.endsWith("s") ? "es" : "s");
  }

  /** What the user types, is told, or has asked to be left out. */
  private static Line second(Model model, State state, int width) {
    if (state.question.isPresent()) {
      Line line = new Line().add(state.question.get().text + ": ", Style.STRONG);
      // Of what is longer than the line, the end is where something is typed.
      String typed = Text.printable(state.answer.toString());
      return line.add(Line.end(typed, width - line.width() - 1)).add(" ", Style.SELECTED);
    }
    if (!state.message.isEmpty()) {
      return new Line().add(Text.printable(state.message), Style.WARNING);
    }
    if (!model.latest().trouble().isEmpty()) {
      return new Line().add(Text.printable(model.latest().trouble()), Style.BAD);
    }
    Line line = new Line().add(where(model, state), Style.STRONG);
    if (state.isInside() && model.isGone(state.vmm)) {
      line.add("  ended", Style.BAD);
    }
    if (state.filters.containsKey(state.place)) {
      line.add("  only ").add(Text.printable(state.filters.get(state.place).pattern()), Style.NOTE);
    }
    if (state.place == Place.VMS) {
      line.add(VmsTable.leftOut(model, state), Style.FAINT);
      if (!model.latest().hidden().isEmpty()) {
        line.add(
            "  " + number(model.latest().hidden().size(), "process") + " can't be looked into: ",
            Style.WARNING);
        line.add(Text.printable(model.latest().hidden().getFirst().why()), Style.FAINT);
      }
    }
    return line;
  }

  private static String where(Model model, State state) {
    Optional<ObservedVmm> vmm = model.vmm(state.vmm);
    Optional<Observed> object = object(vmm, state);
    String vm = vmm.map(ObservedVmm::name).orElse("");
    return switch (state.place) {
      case VMS, HELP -> "";
      case COLUMNS -> "columns: Enter shows one or leaves it out";
      case EVENTS ->
          "kvm statistics - "
              + model
                  .vmm(state.only)
                  .map(v -> "pid " + v.view().pid() + " (" + v.name() + ")")
                  .orElse(state.only.isEmpty() ? "summary" : "a VM that has ended");
      case VCPUS ->
          vm
              + vmm.flatMap(v -> v.view().shortfall())
                  .map(why -> ": " + Text.printable(why))
                  .orElse("");
      case STATS -> vm + ", " + object.map(o -> vmm.get().name(o)).orElse("");
      case HISTOGRAM ->
          vm + ", " + object.map(o -> vmm.get().name(o)).orElse("") + ": " + state.histogram;
    };
  }

  static Optional<Observed> object(Optional<ObservedVmm> vmm, State state) {
    return vmm.flatMap(
        v -> v.objects().stream().filter(o -> v.id(o).equals(state.object)).findFirst());
  }

  /** {@return the table that is shown; empty where there is none} */
  Optional<Grid> grid(Model model, State state, int width) {
    Optional<ObservedVmm> vmm = model.vmm(state.vmm);
    return switch (state.place) {
      case VMS -> Optional.of(VmsTable.of(model, state, width));
      case EVENTS -> Optional.of(EventsTable.of(model, state));
      case VCPUS -> vmm.map(v -> VcpusTable.of(v, model, state));
      case STATS ->
          object(vmm, state).map(o -> StatsTable.of(vmm.orElseThrow(), o, state, meanings));
      case COLUMNS -> Optional.of(ColumnsTable.of(state));
      case HISTOGRAM, HELP -> Optional.empty();
    };
  }

  /** {@return whether a filter means anything there} */
  static boolean isFiltered(Place place) {
    return switch (place) {
      case VMS, EVENTS, VCPUS, STATS -> true;
      case COLUMNS, HISTOGRAM, HELP -> false;
    };
  }

  /** {@return where in a table's rows the user is; nowhere when it has none} */
  static OptionalInt selected(List<Row> rows, State state) {
    String id = state.selected.getOrDefault(state.place, "");
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i).id().equals(id)) {
        return OptionalInt.of(i);
      }
    }
    int at = state.at.getOrDefault(state.place, 0);
    return rows.isEmpty() ? OptionalInt.empty() : OptionalInt.of(Math.min(at, rows.size() - 1));
  }

  private List<Line> table(Model model, State state, int width, int height) {
    Optional<Grid> grid = grid(model, state, width);
    if (grid.isEmpty()) {
      return List.of(new Line().add("it has ended", Style.WARNING));
    }
    TablePainter painter = new TablePainter(grid.get(), width);
    List<Line> lines = new ArrayList<>(List.of(painter.heading()));
    List<Row> rows = painter.rows();
    OptionalInt selected = selected(rows, state);
    List<Line> detail = detail(model, state, rows, selected, width, height);
    int room = height - 1 - detail.size() - (painter.total().isPresent() ? 1 : 0);
    if (rows.isEmpty()) {
      lines.add(new Line().add(nothing(model, state), Style.FAINT));
    } else {
      lines.addAll(painter.around(selected.orElse(0), Math.max(1, room)));
    }
    painter.total().ifPresent(lines::add);
    while (lines.size() + detail.size() < height) {
      lines.add(new Line());
    }
    lines.addAll(detail);
    return lines;
  }

  private static String nothing(Model model, State state) {
    if (state.filters.containsKey(state.place)) {
      return "nothing matches: c shows all again";
    }
    return model.latest().isNothing() || state.place != Place.VMS
        ? ""
        : "no VM to show: 'kvmstats list' tells what runs here, 'kvmstats demo' starts some";
  }

  /** The selected statistic in words. */
  private List<Line> detail(
      Model model, State state, List<Row> rows, OptionalInt selected, int width, int height) {
    Optional<ObservedVmm> vmm = model.vmm(state.vmm);
    Optional<Observed> object = object(vmm, state);
    if (state.place != Place.STATS || object.isEmpty() || selected.isEmpty() || height < TALL) {
      return List.of();
    }
    String stat = rows.get(selected.getAsInt()).id();
    List<Line> lines = new ArrayList<>(List.of(new Line()));
    Text.wrap(meanings.inFull(vmm.orElseThrow(), object.get(), stat), width, "")
        .lines()
        .limit(DETAIL_LINES)
        .forEach(line -> lines.add(new Line().add(line)));
    while (lines.size() <= DETAIL_LINES) {
      lines.add(new Line()); // So that the table keeps its height from one statistic to the next.
    }
    return lines;
  }

  /** {@return how many lines there are that are scrolled, rather than one of them selected} */
  static int scrolled(Model model, State state) {
    return switch (state.place) {
      case HELP -> Help.lines().size();
      case HISTOGRAM -> Math.max(0, histogram(model, state, 1).size() - HistogramScreen.HEAD_LINES);
      default -> 0;
    };
  }

  private static List<Line> histogram(Model model, State state, int width, int height) {
    List<Line> lines = histogram(model, state, width);
    int head = Math.min(HistogramScreen.HEAD_LINES, lines.size());
    List<Line> shown = new ArrayList<>(lines.subList(0, head));
    shown.addAll(scrolled(lines.subList(head, lines.size()), state, Math.max(1, height - head)));
    return shown;
  }

  private static List<Line> histogram(Model model, State state, int width) {
    Optional<ObservedVmm> vmm = model.vmm(state.vmm);
    Optional<Observed> object = object(vmm, state);
    Optional<Descriptor> stat = object.flatMap(o -> o.view().schema().find(state.histogram));
    return stat.isEmpty()
        ? List.of(new Line().add("it has ended", Style.WARNING))
        : HistogramScreen.of(
            vmm.orElseThrow(), object.orElseThrow(), stat.get(), model, state, width);
  }

  private static List<Line> scrolled(List<Line> lines, State state, int height) {
    int first = Math.clamp(state.scroll, 0, Math.max(0, lines.size() - height));
    return lines.subList(first, lines.size());
  }

  private static Line keys(State state) {
    String keys =
        switch (state.place) {
          case VMS ->
              "q quit  ? help  Enter open  / filter  < > sort  x vCPUs  b events  space pause";
          case EVENTS -> "q quit  ? help  b by VM  o sort  x by VM below  f filter  r reset";
          case VCPUS -> "q quit  ? help  Enter statistics  Esc back  < > sort  space pause";
          case STATS -> "q quit  ? help  Enter histogram  Esc back  / filter  r reset  space pause";
          case HISTOGRAM -> "q quit  ? help  Esc back  r reset  space pause";
          case COLUMNS -> "Enter shows it or leaves it out  Esc back";
          case HELP -> "Esc back  q quit";
        };
    return new Line().add(keys, Style.HEADING);
  }
}
