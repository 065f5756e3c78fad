package io.kvmstats.tui;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.tui.MadeUp.Process;
import io.kvmstats.tui.State.Place;
import java.io.IOException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is on the screen. */
class ScreensTest {
  private static final int NOW = 42;

  private final Screens screens = new Screens(ZoneOffset.UTC, "amd64");
  private final Model model = new Model();
  private final State state = new State(Duration.ofSeconds(1));

  /** A host that was watched for a while; one VM has just ended, another was reset. */
  private void watch() {
    List<Process> all = new ArrayList<>(MadeUp.all());
    all.add(Process.of(1070, "short-lived", 1, MadeUp.vcpu(50, 1, 0)));
    all.add(
        Process.of(
            1080,
            "reset",
            1,
            (stat, bucket, second) ->
                MadeUp.vcpu(70, 1, 0).at(stat, bucket, second > NOW - 2 ? second - 30 : second)));
    for (int second = 0; second <= NOW - 2; second++) {
      model.take(MadeUp.sweep(second, all, MadeUp.HIDDEN));
    }
    all.removeIf(process -> process.name().equals("short-lived"));
    model.take(MadeUp.sweep(NOW - 1, all, MadeUp.HIDDEN));
    model.take(MadeUp.sweep(NOW, all, MadeUp.HIDDEN));
  }

  private void open(Place place, String vmm, int fd) {
    state.vmm = vmm;
    state.object = vmm + ":" + fd;
    state.histogram = "halt_wait_hist";
    state.place = place;
  }

  private List<Line> draw(int width, int height) {
    return screens.draw(model, state, width, height, NOW * MadeUp.SECOND);
  }

  private String text(int width, int height) {
    return String.join("\n", draw(width, height).stream().map(Line::text).toList());
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "100, 30", "250, 60"})
  void everyPlaceLooksAsItDid(int width, int height) throws IOException {
    watch();
    for (Place place : Place.values()) {
      open(place, "1001:1001", 21);
      String name = "%s-%dx%d".formatted(place.name().toLowerCase(Locale.ROOT), width, height);
      Golden.check(name, draw(width, height));
    }
  }

  @Test
  void otherViewsLookAsTheyDid() throws IOException {
    watch();
    state.unfolded.add(Place.VMS);
    state.fields.add(Field.PID);
    state.fields.add(Field.UUID);
    Golden.check("vms-unfolded-250x60", draw(250, 60));
    state.fields.removeAll(List.of(Field.PID, Field.UUID));
    state.unfolded.add(Place.EVENTS);
    state.place = Place.EVENTS;
    Golden.check("events-unfolded-100x60", draw(100, 60));
    open(Place.VCPUS, "1030:1030", 0);
    Golden.check("vcpus-of-two-vms-100x30", draw(100, 30));
    open(Place.STATS, "1020:1020", 9);
    Golden.check("stats-published-100x30", draw(100, 30));
    open(Place.STATS, "1010:1010", 21);
    Golden.check("stats-unreadable-100x30", draw(100, 30));
    open(Place.HISTOGRAM, "1020:1020", 9);
    state.histogram = "sizes";
    Golden.check("histogram-published-100x30", draw(100, 30));
  }

  @Test
  void beforeAnythingIsReadItSaysSo() {
    assertThat(text(80, 24)).contains("looking for VMs").doesNotContain("no VM to show");
    model.take(MadeUp.sweep(1, List.of()));
    assertThat(text(80, 24)).contains("0 VMs, 0 vCPUs").contains("no VM to show: 'kvmstats list'");
    state.filters.put(Place.VMS, Pattern.compile("x"));
    assertThat(text(80, 24)).contains("nothing matches").doesNotContain("no VM to show");
  }

  @Test
  void aReadingThatDoesNotComeIsMissed() {
    model.take(MadeUp.sweep(NOW - 2, List.of()));
    assertThat(text(80, 24)).doesNotContain("no reading");
    assertThat(screens.draw(model, state, 80, 24, (NOW + 8) * MadeUp.SECOND).getFirst().text())
        .contains("no reading for 10 s");
    state.isPaused = true;
    assertThat(screens.draw(model, state, 80, 24, (NOW + 8) * MadeUp.SECOND).getFirst().text())
        .contains("paused")
        .doesNotContain("no reading");
  }

  @Test
  void troubleIsSaidAndTheLastNumbersStay() {
    watch();
    String before = text(250, 60);
    model.take(model.latest().with("the broker has gone\033[2J"));
    assertThat(draw(250, 60).get(1).text()).startsWith("the broker has gone\\u001b[2J");
    // What was not read again does not move the sparklines on.
    assertThat(text(250, 60).lines().skip(2)).isEqualTo(before.lines().skip(2).toList());
  }

  @Test
  void aVmThatEndsInsideIsShownForFiveSecondsThenTheScreenGoesBack() {
    Process vm = Process.of(7, "mine", 1, MadeUp.vcpu(100, 5, 0));
    for (Place place : List.of(Place.VCPUS, Place.STATS, Place.HISTOGRAM)) {
      Model one = new Model();
      one.take(MadeUp.sweep(9, List.of(vm)));
      one.take(MadeUp.sweep(10, List.of(vm)));
      open(place, vm.id(), 20);
      state.name = "mine";
      for (int second = 11; second <= 16; second++) {
        one.take(MadeUp.sweep(second, List.of()));
        state.follow(one);
        List<Line> screen = screens.draw(one, state, 80, 24, second * MadeUp.SECOND);
        assertThat(state.place).as("second %d", second).isEqualTo(place);
        assertThat(screen.get(1).text()).contains("mine").contains("ended");
      }
      one.take(MadeUp.sweep(17, List.of()));
      state.follow(one);
      assertThat(state.place).isEqualTo(Place.VMS);
      assertThat(state.message).isEqualTo("mine has ended");
    }
  }

  @Test
  void aVcpuThatGoesLeavesItsVm() {
    Process two = Process.of(7, "mine", 2, MadeUp.vcpu(100, 5, 0));
    Process one = Process.of(7, "mine", 1, MadeUp.vcpu(100, 5, 0));
    model.take(MadeUp.sweep(9, List.of(two)));
    open(Place.STATS, two.id(), 21);
    model.take(MadeUp.sweep(10, List.of(one)));
    state.follow(model);
    assertThat(state.place).isEqualTo(Place.VCPUS);
    assertThat(state.message).isEqualTo("that vCPU has gone");
  }

  /** Rows by the name in their first column. */
  private Row row(String name) {
    Grid grid = screens.grid(model, state, 200).orElseThrow();
    return grid.rows().stream()
        .filter(row -> row.cells().getFirst().text().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private String cell(Row row, String title) {
    List<String> titles =
        screens.grid(model, state, 200).orElseThrow().columns().stream()
            .map(Column::title)
            .toList();
    return row.cells().get(titles.indexOf(title)).text();
  }

  @Test
  void whatIsUnknownIsNeverZero() {
    watch();
    for (Field field : Field.values()) {
      if (field.metric().isPresent() && field != Field.MMU) {
        assertThat(cell(row("db"), field.title())).as("of one vCPU: %s", field).isEqualTo("–");
        assertThat(cell(row("closed"), field.title())).as("of all: %s", field).isEqualTo("–");
      }
    }
    assertThat(cell(row("web-1"), "EXITS/S")).isNotEqualTo("–");
    open(Place.STATS, "1010:1010", 21);
    for (Row row : screens.grid(model, state, 200).orElseThrow().rows()) {
      assertThat(cell(row, "TOTAL")).as(row.id()).isEqualTo("–");
      assertThat(cell(row, "RATE")).as(row.id()).isIn("–", "");
    }
    open(Place.HISTOGRAM, "1010:1010", 21);
    assertThat(text(80, 24)).contains("unknown: it could not be read");
  }

  @Test
  void aFirstReadingHasTotalsAndNoRates() {
    model.take(MadeUp.sweep(0, MadeUp.all()));
    assertThat(cell(row("web-1"), "EXITS/S")).isEqualTo("–");
    state.place = Place.EVENTS;
    Row total = screens.grid(model, state, 200).orElseThrow().total().orElseThrow();
    assertThat(cell(total, EventsTable.RATE)).isEqualTo("–");
    assertThat(cell(total, EventsTable.TOTAL)).endsWith("*");
  }

  @Test
  void theTotalIsTheSumOfWhatIsKnownAndSaysWhatItLacks() {
    watch();
    state.unfolded.add(Place.VMS);
    Grid grid = screens.grid(model, state, 200).orElseThrow();
    for (Field field : List.of(Field.CPU, Field.EXITS, Field.HALTS, Field.MMU)) {
      int column = grid.columns().stream().map(Column::title).toList().indexOf(field.title());
      double sum =
          grid.rows().stream()
              .filter(row -> !row.style().equals(Style.FAINT)) // It has ended.
              .flatMap(row -> row.children().stream())
              .mapToDouble(row -> row.cells().get(column).order())
              .filter(value -> !Double.isNaN(value))
              .sum();
      Cell total = grid.total().orElseThrow().cells().get(column);
      assertThat(total.order()).isCloseTo(sum, Percentage.withPercentage(1e-9));
      assertThat(total.text()).endsWith("*");
    }
    assertThat(draw(250, 60).get(1).text())
        .contains("* without what is unknown of 4: closed, db, old-kernel, pid 1020");
    // Only of what the total is over.
    state.filters.put(Place.VMS, Pattern.compile("web|closed"));
    assertThat(draw(250, 60).get(1).text()).contains("  * without what is unknown of 1: closed  ");
    state.filters.put(Place.VMS, Pattern.compile("web"));
    assertThat(draw(250, 60).get(1).text()).doesNotContain("without");
  }

  @Test
  void sharesOfSeveralVcpusAreMeansAndRatiosAreThoseOfTheirSums() {
    model.take(
        MadeUp.sweep(
            5,
            List.of(
                Process.of(1, "a", 3, MadeUp.vcpu(80, 10, 40)),
                Process.of(2, "b", 1, MadeUp.vcpu(80, 10, 20)))));
    Row total = screens.grid(model, state, 200).orElseThrow().total().orElseThrow();
    assertThat(cell(total, "CPU %")).isEqualTo("40.0");
    assertThat(cell(total, "STEAL %")).isEqualTo("35.0");
    assertThat(cell(total, "POLL OK %")).isEqualTo("25.0");
  }

  @Test
  void totalsAreCountedFromWhenTheUserSaysSo() {
    Process vm = Process.of(1, "a", 1, (stat, bucket, second) -> second < 8 ? second * 10L : 5);
    model.take(MadeUp.sweep(4, List.of(vm)));
    state.since = Optional.of(new Since(model.latest()));
    model.take(MadeUp.sweep(6, List.of(vm, Process.of(2, "b", 1, (stat, bucket, second) -> 3))));
    open(Place.STATS, "1:1", 20);
    assertThat(cell(row("exits"), "TOTAL")).isEqualTo("20");
    assertThat(cell(row("halt_wait_hist"), "TOTAL")).isEqualTo("640"); // 32 buckets.
    assertThat(text(120, 24)).contains("totals since 10:00:04");
    open(Place.STATS, "2:2", 20); // It is younger.
    assertThat(cell(row("exits"), "TOTAL")).isEqualTo("3");
    // After a reset there is a small number, and not one close to 2^64.
    model.take(MadeUp.sweep(9, List.of(vm)));
    open(Place.STATS, "1:1", 20);
    assertThat(cell(row("exits"), "TOTAL")).isEqualTo("5");
    state.place = Place.EVENTS;
    assertThat(cell(row("exits"), EventsTable.TOTAL)).isEqualTo("5");
  }

  @Test
  void whatWasUnknownWhenTotalsBeganStaysUnknown() {
    Process vm = Process.of(1, "a", MadeUp.Thing.vcpu(0, 20, MadeUp.vcpu(10, 1, 1)));
    Process unreadable =
        Process.of(1, "a", MadeUp.Thing.vcpu(0, 20, MadeUp.vcpu(10, 1, 1)).unreadable());
    model.take(MadeUp.sweep(4, List.of(unreadable)));
    state.since = Optional.of(new Since(model.latest()));
    model.take(MadeUp.sweep(5, List.of(vm)));
    open(Place.STATS, "1:1", 20);
    assertThat(cell(row("exits"), "TOTAL")).isEqualTo("–");
  }

  @Test
  void vcpusAreSortedByTheirNumbers() {
    model.take(MadeUp.sweep(4, List.of(Process.of(1, "a", 12, MadeUp.vcpu(10, 1, 1)))));
    open(Place.VCPUS, "1:1", 0);
    state.sortings.put(Place.VCPUS, new Sorting(Field.NAME.title(), false));
    Grid grid = screens.grid(model, state, 200).orElseThrow();
    assertThat(grid.sorted().stream().map(row -> row.cells().getFirst().text()))
        .startsWith("VM", "vCPU 0", "vCPU 1", "vCPU 2")
        .endsWith("vCPU 10", "vCPU 11");
  }

  @Test
  void numbersOfAHistogramAreNeverCutOff() {
    Process vm = Process.of(1, "a", 1, (stat, bucket, second) -> bucket == 31 ? -1L : second);
    model.take(MadeUp.sweep(4, List.of(vm)));
    open(Place.HISTOGRAM, "1:1", 20);
    assertThat(text(80, 50)).contains("18446744073709551615");
  }

  @Test
  void severalProcessesAreProcesses() {
    model.take(MadeUp.sweep(1, List.of(), MadeUp.HIDDEN, MadeUp.HIDDEN));
    assertThat(draw(80, 24).get(1).text()).contains("2 processes can't be looked into");
    model.take(MadeUp.sweep(2, List.of(), MadeUp.HIDDEN));
    assertThat(draw(80, 24).get(1).text()).contains("1 process can't be looked into");
  }
}
