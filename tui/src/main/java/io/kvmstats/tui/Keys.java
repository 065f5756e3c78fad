package io.kvmstats.tui;

import io.kvmstats.tui.State.Place;
import io.kvmstats.tui.State.Question;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** What a key does to what the user wants to see. */
final class Keys {
  private static final double SECONDS_MIN = 0.1;
  private static final double SECONDS_MAX = 25.5;
  private static final int WHEEL_ROWS = 3;
  private static final int ANSWER_MAX = 200;
  private static final int CTRL_U = 'U' - '@';
  private static final int CTRL_W = 'W' - '@';

  /** A page has no room for a table's heading and total, which the help has not. */
  private static final int TABLE_ROWS = 2;

  private final Screens screens;

  Keys(Screens screens) {
    this.screens = screens;
  }

  /**
   * Changes the state as a key wants it.
   *
   * @param page how many rows there are on the screen
   * @return whether it means anything
   */
  boolean press(Key key, Model model, State state, int width, int page) {
    state.message = "";
    if (state.question.isPresent()) {
      type(key, model, state);
      return true;
    }
    List<Row> rows = screens.grid(model, state, width).map(Grid::sorted).orElse(List.of());
    switch (key.name()) {
      case UP -> move(model, state, rows, -1, page);
      case DOWN -> move(model, state, rows, 1, page);
      case WHEEL_UP -> move(model, state, rows, -WHEEL_ROWS, page);
      case WHEEL_DOWN -> move(model, state, rows, WHEEL_ROWS, page);
      case PAGE_UP -> move(model, state, rows, -page, page);
      case PAGE_DOWN -> move(model, state, rows, page, page);
      case HOME -> move(model, state, rows, Integer.MIN_VALUE / 2, page);
      case END -> move(model, state, rows, Integer.MAX_VALUE / 2, page);
      case ENTER, RIGHT -> open(model, state, rows);
      case ESCAPE, LEFT, BACKSPACE -> back(state);
      case CHARACTER -> {
        return character(key, model, state, width, rows);
      }
      case OTHER -> {
        return false;
      }
    }
    return true;
  }

  private static void move(Model model, State state, List<Row> rows, int by, int page) {
    if (state.place == Place.HELP || state.place == Place.HISTOGRAM) {
      // No further than what is on the screen then: the next key up has to move it.
      int room = state.place == Place.HELP ? page + TABLE_ROWS : page;
      int last = Math.max(0, Screens.scrolled(model, state) - room);
      state.scroll = Math.clamp((long) state.scroll + by, 0, last);
      return;
    }
    OptionalInt at = Screens.selected(rows, state);
    if (at.isPresent()) {
      int to = Math.clamp((long) at.getAsInt() + by, 0, rows.size() - 1);
      state.selected.put(state.place, rows.get(to).id());
      state.at.put(state.place, to);
    }
  }

  private static Optional<String> selected(State state, List<Row> rows) {
    OptionalInt at = Screens.selected(rows, state);
    return at.isPresent() ? Optional.of(rows.get(at.getAsInt()).id()) : Optional.empty();
  }

  private static void open(Model model, State state, List<Row> rows) {
    Optional<String> id = selected(state, rows);
    if (id.isEmpty()) {
      return;
    }
    switch (state.place) {
      case VMS -> {
        Optional<ObservedVmm> whole = model.vmm(id.get());
        if (whole.isPresent()) {
          openVmm(state, whole.get());
        } else {
          model.vmms().stream()
              .filter(vmm -> vmm.objects().stream().anyMatch(o -> vmm.id(o).equals(id.get())))
              .findFirst()
              .ifPresent(vmm -> {
                openVmm(state, vmm);
                openObject(state, id.get());
              });
        }
      }
      case VCPUS -> openObject(state, id.get());
      case STATS -> {
        boolean isHistogram =
            Screens.object(model.vmm(state.vmm), state)
                .flatMap(object -> object.view().schema().find(id.get()))
                .filter(stat -> stat.type().isHistogram())
                .isPresent();
        if (isHistogram) {
          state.histogram = id.get();
          state.scroll = 0;
          state.place = Place.HISTOGRAM;
        }
      }
      case COLUMNS -> toggle(state, Field.valueOf(id.get()));
      case EVENTS, HISTOGRAM, HELP -> {}
    }
  }

  private static void openVmm(State state, ObservedVmm vmm) {
    state.vmm = vmm.id();
    state.name = vmm.name();
    state.place = Place.VCPUS;
    state.selected.remove(Place.VCPUS);
  }

  private static void openObject(State state, String object) {
    state.selected.put(Place.VCPUS, object);
    state.object = object;
    state.place = Place.STATS;
  }

  private static void toggle(State state, Field field) {
    if (field == Field.NAME) {
      state.message = "a VM without a name is none: that column stays";
    } else {
      flip(state.fields, field);
    }
  }

  private static <T> void flip(Set<T> set, T element) {
    if (!set.remove(element)) {
      set.add(element);
    }
  }

  private static void back(State state) {
    state.place =
        switch (state.place) {
          case VMS, VCPUS, EVENTS -> Place.VMS;
          case STATS -> Place.VCPUS;
          case HISTOGRAM -> Place.STATS;
          case COLUMNS, HELP -> state.before;
        };
  }

  private boolean character(Key key, Model model, State state, int width, List<Row> rows) {
    switch (key.character()) {
      case 'q' -> state.isOver = true;
      case 'h', '?' -> visit(state, Place.HELP);
      case 'C' -> visit(state, Place.COLUMNS);
      case ' ' -> {
        if (state.place == Place.COLUMNS) {
          open(model, state, rows);
        } else {
          state.isPaused = !state.isPaused;
        }
      }
      case 'b' -> state.place = state.place == Place.EVENTS ? Place.VMS : Place.EVENTS;
      case 'c' -> {
        state.filters.remove(state.place);
        state.only = state.place == Place.EVENTS ? "" : state.only;
      }
      case '/', 'f' -> {
        if (Screens.isFiltered(state.place)) {
          ask(state, Question.FILTER);
        }
      }
      case 'g' -> ask(state, Question.NAME);
      case 'p' -> ask(state, Question.PID);
      case 's' -> ask(state, Question.INTERVAL);
      case 'x' -> flip(state.unfolded, state.place);
      case 'e' -> selected(state, rows).ifPresent(id -> expand(model, state, id));
      case 'r' -> {
        if (!model.latest().isNothing()) {
          state.since =
              state.since.isPresent() ? Optional.empty() : Optional.of(new Since(model.latest()));
        }
      }
      case 'R' -> {
        Sorting now = state.sorting();
        state.sortings.put(state.place, new Sorting(now.column(), !now.isReversed()));
      }
      case '>', 'o' -> sort(model, state, width, 1);
      case '<' -> sort(model, state, width, -1);
      default -> {
        return false;
      }
    }
    return true;
  }

  private static void visit(State state, Place place) {
    if (state.place != Place.HELP && state.place != Place.COLUMNS) {
      state.before = state.place;
    }
    state.scroll = 0;
    state.place = state.place == place ? state.before : place;
  }

  private static void ask(State state, Question question) {
    state.question = Optional.of(question);
    state.answer.setLength(0);
  }

  private static void expand(Model model, State state, String row) {
    if (state.place == Place.VMS && model.vmm(row).isPresent()) {
      flip(state.expanded, row);
    }
  }

  private void sort(Model model, State state, int width, int by) {
    Optional<Grid> grid = screens.grid(model, state, width);
    if (grid.isEmpty()) {
      return;
    }
    List<String> titles =
        new TablePainter(grid.get(), width)
            .columns().stream().map(Column::title).filter(Predicate.not(String::isEmpty)).toList();
    int now = titles.indexOf(state.sorting().column());
    if (state.place == Place.EVENTS) {
      boolean byRate = state.sorting().column().equals(EventsTable.RATE);
      state.sortings.put(
          state.place, new Sorting(byRate ? EventsTable.TOTAL : EventsTable.RATE, false));
    } else {
      int next = Math.floorMod(now + by, titles.size());
      state.sortings.put(state.place, new Sorting(titles.get(next), false));
    }
  }

  private static void type(Key key, Model model, State state) {
    switch (key.name()) {
      case ESCAPE -> state.question = Optional.empty();
      case ENTER -> {
        Question question = state.question.orElseThrow();
        state.question = Optional.empty();
        answer(question, state.answer.toString().strip(), model, state);
      }
      case BACKSPACE -> {
        int length = state.answer.length();
        if (length > 0) {
          state.answer.setLength(state.answer.offsetByCodePoints(length, -1));
        }
      }
      case CHARACTER -> edit(key.character(), state.answer);
      default -> {}
    }
  }

  /** With a shell's keys: Ctrl-U takes back all, Ctrl-W a word. */
  private static void edit(int character, StringBuilder answer) {
    if (character == CTRL_U) {
      answer.setLength(0);
    } else if (character == CTRL_W) {
      answer.setLength(answer.toString().stripTrailing().lastIndexOf(' ') + 1);
    } else if (answer.length() < ANSWER_MAX && !Character.isISOControl(character)) {
      answer.appendCodePoint(character);
    }
  }

  private static void answer(Question question, String text, Model model, State state) {
    if (text.isEmpty() && question != Question.FILTER) {
      return; // Who types nothing has changed their mind.
    }
    switch (question) {
      case FILTER -> filter(text, state);
      case INTERVAL -> interval(text, state);
      case NAME -> find(vmm -> vmm.name().equals(text), "no VM is named " + text, model, state);
      case PID ->
          find(
              vmm -> Integer.toString(vmm.view().pid()).equals(text),
              "no process " + text + " has a VM",
              model,
              state);
    }
  }

  private static void filter(String text, State state) {
    try {
      if (text.isEmpty()) {
        state.filters.remove(state.place);
      } else {
        state.filters.put(state.place, Pattern.compile(text));
      }
    } catch (PatternSyntaxException e) {
      state.message = "'" + text + "' is no regular expression: " + e.getDescription();
    }
  }

  private static void interval(String text, State state) {
    double seconds;
    try {
      seconds = Double.parseDouble(text);
    } catch (NumberFormatException e) {
      seconds = Double.NaN;
    }
    if (seconds >= SECONDS_MIN && seconds <= SECONDS_MAX) {
      state.interval = Duration.ofMillis(Math.round(seconds * 1000));
    } else {
      state.message = "'" + text + "' is no number of seconds from 0.1 to 25.5";
    }
  }

  private static void find(
      Predicate<ObservedVmm> wanted, String otherwise, Model model, State state) {
    Optional<ObservedVmm> found = model.vmms().stream().filter(wanted).findFirst();
    if (found.isPresent() && state.place == Place.EVENTS) {
      state.only = found.get().id(); // As kvm_stat's.
    } else if (found.isPresent()) {
      state.selected.put(Place.VMS, found.get().id());
      openVmm(state, found.get());
    } else {
      state.message = otherwise;
    }
  }
}
