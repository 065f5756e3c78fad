package io.kvmstats.tui;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.tui.Key.Name;
import io.kvmstats.tui.MadeUp.Process;
import io.kvmstats.tui.State.Place;
import io.kvmstats.tui.State.Question;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each key does what the help says. */
class KeysTest {
  private static final int PAGE = 3;

  private final Screens screens = new Screens(ZoneOffset.UTC, "amd64");
  private final Keys keys = new Keys(screens);
  private final Model model = new Model();
  private final State state = new State(Duration.ofSeconds(1));

  /** Ten VMs, vm0 with most of the CPU time, each with two vCPUs. */
  @BeforeEach
  void watch() {
    List<Process> ten =
        IntStream.range(0, 10)
            .mapToObj(i -> Process.of(100 + i, "vm" + i, 2, MadeUp.vcpu(1000 + i, 50 - i, 1)))
            .toList();
    model.take(MadeUp.sweep(1, ten));
    model.take(MadeUp.sweep(2, ten));
  }

  private boolean press(Key key) {
    return keys.press(key, model, state, 100, PAGE);
  }

  private void press(Name name) {
    assertThat(press(Key.of(name))).isTrue();
  }

  private void type(String text) {
    text.codePoints().forEach(c -> assertThat(press(Key.of(c))).as(text).isTrue());
  }

  private void answer(String text) {
    type(text);
    press(Name.ENTER);
  }

  private List<String> rows() {
    return screens.grid(model, state, 100).orElseThrow().sorted().stream()
        .map(row -> row.cells().getFirst().text())
        .toList();
  }

  private String selected() {
    List<Row> rows = screens.grid(model, state, 100).orElseThrow().sorted();
    return rows.get(Screens.selected(rows, state).orElseThrow()).cells().getFirst().text();
  }

  private String second() {
    return screens.draw(model, state, 100, 24, 2 * MadeUp.SECOND).get(1).text();
  }

  @Test
  void anAnswerIsEditedAsInAShell() {
    press(Key.of('/'));
    type("one two  ");
    press(Key.of('W' - '@'));
    assertThat(second()).contains(": one  ");
    press(Key.of('U' - '@'));
    type("x".repeat(120) + "end");
    assertThat(second()).hasSize(100).contains("xxend ").startsWith(Question.FILTER.text + ": x");
    press(Key.of('U' - '@'));
    answer("vm3");
    assertThat(rows()).containsExactly("vm3");
  }

  @Test
  void movesStopAtTheEnds() {
    assertThat(selected()).isEqualTo("vm0");
    press(Name.UP);
    assertThat(selected()).isEqualTo("vm0");
    press(Name.DOWN);
    assertThat(selected()).isEqualTo("vm1");
    press(Name.PAGE_DOWN);
    assertThat(selected()).isEqualTo("vm" + (1 + PAGE));
    press(Name.WHEEL_DOWN);
    assertThat(selected()).isEqualTo("vm7");
    press(Name.WHEEL_UP);
    press(Name.PAGE_UP);
    assertThat(selected()).isEqualTo("vm1");
    press(Name.END);
    assertThat(selected()).isEqualTo("vm9");
    press(Name.PAGE_DOWN);
    assertThat(selected()).isEqualTo("vm9");
    press(Name.HOME);
    assertThat(selected()).isEqualTo("vm0");
  }

  @Test
  void enterGoesInAndEscapeOutAgain() {
    press(Name.DOWN);
    press(Name.ENTER);
    assertThat(state.place).isEqualTo(Place.VCPUS);
    assertThat(second()).startsWith("vm1");
    press(Name.DOWN);
    press(Name.RIGHT);
    assertThat(state.place).isEqualTo(Place.STATS);
    assertThat(second()).startsWith("vm1, vCPU 0");
    press(Name.ENTER); // exits is no histogram.
    assertThat(state.place).isEqualTo(Place.STATS);
    int histogram = rows().indexOf("halt_wait_hist");
    IntStream.range(0, histogram).forEach(i -> press(Name.DOWN));
    press(Name.ENTER);
    assertThat(state.place).isEqualTo(Place.HISTOGRAM);
    assertThat(second()).startsWith("vm1, vCPU 0: halt_wait_hist");
    press(Name.ESCAPE);
    assertThat(state.place).isEqualTo(Place.STATS);
    assertThat(selected()).isEqualTo("halt_wait_hist");
    press(Name.LEFT);
    assertThat(state.place).isEqualTo(Place.VCPUS);
    assertThat(selected()).isEqualTo("vCPU 0");
    press(Name.BACKSPACE);
    assertThat(state.place).isEqualTo(Place.VMS);
    assertThat(selected()).isEqualTo("vm1");
    press(Name.ESCAPE);
    assertThat(state.place).isEqualTo(Place.VMS);
    assertThat(state.isOver).isFalse();
  }

  @Test
  void eShowsTheVcpusOfOneAndXOfAll() {
    press(Name.DOWN);
    type("e");
    assertThat(rows()).startsWith("vm0", "vm1", "  VM", "  vCPU 0", "  vCPU 1", "vm2").hasSize(13);
    // A vCPU there can be opened as well.
    press(Name.DOWN);
    press(Name.DOWN);
    press(Name.ENTER);
    assertThat(second()).startsWith("vm1, vCPU 0");
    press(Name.ESCAPE);
    press(Name.ESCAPE);
    press(Name.UP);
    press(Name.UP);
    type("e");
    assertThat(rows()).hasSize(10);
    type("x");
    assertThat(rows()).hasSize(40);
    type("x");
    assertThat(rows()).hasSize(10);
  }

  @Test
  void bShowsEventsOfAllVmsAndXThoseOfEach() {
    type("b");
    assertThat(state.place).isEqualTo(Place.EVENTS);
    assertThat(rows()).startsWith("exits").doesNotContain("halt_wait_ns");
    type("x");
    assertThat(rows()).startsWith("exits", " exits(vm0)", " exits(vm1)");
    type("o");
    assertThat(state.sorting().column()).isEqualTo("Total");
    type("o");
    assertThat(state.sorting().column()).isEqualTo("CurAvg/s");
    type("b");
    assertThat(state.place).isEqualTo(Place.VMS);
  }

  @Test
  void columnsAreSortedFromLeftToRightAndBack() {
    type("R");
    assertThat(rows()).startsWith("vm9", "vm8");
    type("<<");
    assertThat(state.sorting().column()).isEqualTo(Field.VMM.title());
    type("<");
    assertThat(state.sorting()).isEqualTo(new Sorting(Field.NAME.title(), false));
    assertThat(rows()).startsWith("vm0", "vm1");
    type("R");
    assertThat(rows()).startsWith("vm9", "vm8");
    type("<");
    assertThat(state.sorting().column()).isEqualTo(Field.SOURCE.title());
    type(">o");
    assertThat(state.sorting().column()).isEqualTo(Field.VMM.title());
  }

  @Test
  void aFilterShowsWhatMatchesUntilItIsCleared() {
    type("/");
    assertThat(state.question).contains(Question.FILTER);
    type("vm[13");
    assertThat(second()).startsWith("filter (a regular expression): vm[13");
    press(Name.ENTER);
    assertThat(second()).startsWith("'vm[13' is no regular expression: ");
    assertThat(rows()).hasSize(10);
    type("f");
    type("vm[24x");
    press(Name.BACKSPACE);
    answer("]");
    assertThat(rows()).containsExactly("vm2", "vm4");
    assertThat(second()).startsWith("  only vm[24]");
    type("f");
    answer("nothing");
    assertThat(rows()).isEmpty();
    for (Name name : Name.values()) {
      if (name != Name.CHARACTER && name != Name.OTHER) {
        press(name); // There is nothing to go to or to open.
      }
    }
    assertThat(state.place).isEqualTo(Place.VMS);
    type("c");
    assertThat(rows()).hasSize(10);
    type("f");
    answer("vm2");
    type("f");
    press(Name.ENTER); // Nothing to filter by.
    assertThat(rows()).hasSize(10);
  }

  @ParameterizedTest
  @EnumSource(names = {"COLUMNS", "HISTOGRAM", "HELP"})
  void whereThereIsNothingToFilterNobodyIsAskedForAFilter(Place place) {
    state.place = place;
    type("f/");
    assertThat(state.question).isEmpty();
  }

  @Test
  void whatIsTypedIsShownAndCanBeGivenUp() {
    type("g");
    press(Key.of('\001'));
    type("日q\ud83d\ude00");
    press(Key.of(Name.PAGE_UP));
    press(Key.of(Name.OTHER));
    assertThat(second()).startsWith("open the VM named: 日q😀 ");
    press(Name.BACKSPACE);
    press(Name.BACKSPACE);
    assertThat(second()).startsWith("open the VM named: 日 ");
    press(Name.BACKSPACE);
    press(Name.BACKSPACE);
    type("x".repeat(1000));
    assertThat(state.answer).hasSizeLessThanOrEqualTo(200);
    press(Name.ESCAPE);
    assertThat(state.question).isEmpty();
    assertThat(state.isOver).isFalse();
    assertThat(state.place).isEqualTo(Place.VMS);
  }

  @Test
  void gAndPOpenAVm() {
    type("g");
    answer("vm3");
    assertThat(state.place).isEqualTo(Place.VCPUS);
    assertThat(second()).startsWith("vm3");
    type("p");
    answer("107");
    assertThat(second()).startsWith("vm7");
    press(Name.ESCAPE);
    assertThat(selected()).isEqualTo("vm7");
    type("p");
    answer("7");
    assertThat(second()).startsWith("no process 7 has a VM");
    type("g");
    answer("vm");
    assertThat(second()).startsWith("no VM is named vm");
    assertThat(state.place).isEqualTo(Place.VMS);
    press(Name.DOWN); // A message stays until the next key.
    assertThat(second()).doesNotContain("named");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.1:100", "25.5:25500", "0.25:250", " 3 :3000"})
  void sSetsTheInterval(String answer) {
    type("s");
    answer(answer.split(":", -1)[0]);
    assertThat(state.interval.toMillis()).isEqualTo(Long.parseLong(answer.split(":", -1)[1]));
    assertThat(state.message).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.05", "26", "abc", "NaN", "Infinity", "-1", "0", "1e9"})
  void sRefusesWhatIsNoInterval(String answer) {
    type("s");
    answer(answer);
    assertThat(state.interval).isEqualTo(Duration.ofSeconds(1));
    assertThat(second()).startsWith("'" + answer + "' is no number of seconds from 0.1 to 25.5");
  }

  @ParameterizedTest
  @ValueSource(strings = {"s", "g", "p"})
  void whoTypesNothingHasChangedTheirMind(String question) {
    type(question);
    press(Name.ENTER);
    assertThat(state.message).isEmpty();
    assertThat(state.place).isEqualTo(Place.VMS);
    assertThat(state.interval).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void spacePausesAndRCounts() {
    type(" ");
    assertThat(state.isPaused).isTrue();
    type(" ");
    assertThat(state.isPaused).isFalse();
    type("r");
    assertThat(state.since.orElseThrow().time()).isEqualTo(model.latest().time());
    type("r");
    assertThat(state.since).isEmpty();
  }

  @Test
  void beforeAnythingWasReadThereIsNothingToCountFrom() {
    keys.press(Key.of('r'), new Model(), state, 100, PAGE);
    assertThat(state.since).isEmpty();
  }

  @Test
  void columnsAreChosenAndANameIsKept() {
    type("C");
    assertThat(state.place).isEqualTo(Place.COLUMNS);
    press(Name.ENTER);
    assertThat(state.fields).contains(Field.NAME);
    assertThat(state.message).isNotEmpty();
    press(Name.DOWN);
    press(Name.ENTER);
    assertThat(state.fields).contains(Field.PID);
    type(" ");
    assertThat(state.fields).doesNotContain(Field.PID);
    assertThat(state.isPaused).isFalse();
    type("C");
    assertThat(state.place).isEqualTo(Place.VMS);
  }

  @ParameterizedTest
  @EnumSource(names = {"VMS", "EVENTS", "VCPUS", "STATS", "HISTOGRAM"})
  void theHelpAndTheColumnsLeadBackToWhereTheUserWas(Place place) {
    for (String there : List.of("h", "?", "C", "hC", "Ch")) {
      state.place = place;
      type(there);
      assertThat(state.place).isIn(Place.HELP, Place.COLUMNS);
      press(Name.ESCAPE);
      assertThat(state.place).as(there).isEqualTo(place);
    }
  }

  @Test
  void theHelpScrollsAndEachKeyUpMovesIt() {
    type("h");
    int height = PAGE + 5;
    String top = String.join("\n", screen(height));
    press(Name.END);
    List<String> bottom = screen(height);
    assertThat(bottom.get(height - 2)).startsWith("– is unknown, not 0.");
    press(Name.UP);
    assertThat(screen(height)).isNotEqualTo(bottom);
    press(Name.HOME);
    assertThat(String.join("\n", screen(height))).isEqualTo(top);
  }

  @Test
  void theHelpFitsIntoEightyColumns() {
    assertThat(Help.lines()).allMatch(line -> line.width() <= 80);
  }

  @Test
  void aHistogramScrollsBelowItsHeading() {
    state.vmm = "100:100";
    state.object = "100:100:20";
    state.histogram = "halt_wait_hist";
    state.place = Place.HISTOGRAM;
    int height = PAGE + 5;
    List<String> top = screen(height);
    assertThat(top.get(3)).startsWith("BUCKET");
    assertThat(top.get(4)).startsWith("[512 ns, ");
    press(Name.END);
    List<String> bottom = screen(height);
    assertThat(bottom.get(3)).startsWith("BUCKET");
    assertThat(bottom.get(height - 2)).startsWith("[524 µs, ");
    press(Name.UP);
    assertThat(screen(height).get(height - 2)).startsWith("[262 µs, ");
    press(Name.HOME);
    assertThat(screen(height)).isEqualTo(top);
  }

  private List<String> screen(int height) {
    return screens.draw(model, state, 100, height, 0).stream().map(Line::text).toList();
  }

  @Test
  void theHelpNamesEveryKeyThatMeansSomething() {
    String help = String.join("\n", Help.lines().stream().map(Line::text).toList());
    for (int c = '!'; c <= '~'; c++) {
      State fresh = new State(Duration.ofSeconds(1));
      if (keys.press(Key.of(c), model, fresh, 100, PAGE)) {
        assertThat(help)
            .containsPattern("(?m)^(.*; )?(. )*" + Pattern.quote(Character.toString(c)));
      }
    }
  }

  @Test
  void qQuitsAndOtherKeysMeanNothing() {
    assertThat(press(Key.of('z'))).isFalse();
    assertThat(press(Key.of(Name.OTHER))).isFalse();
    assertThat(state.isOver).isFalse();
    type("q");
    assertThat(state.isOver).isTrue();
  }
}
