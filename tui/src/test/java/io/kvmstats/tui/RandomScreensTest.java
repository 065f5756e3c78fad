package io.kvmstats.tui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.kvmstats.acquire.Source;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.text.Text;
import io.kvmstats.tui.MadeUp.Process;
import io.kvmstats.tui.MadeUp.Thing;
import io.kvmstats.tui.MadeUp.Values;
import io.kvmstats.tui.State.Place;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds of every screen, whatever is on the host and whatever the user types. */
class RandomScreensTest {
  private static final int STEPS = 1000;

  private static final List<String> NAMES =
      List.of(
          "",
          "vm",
          "vm", // Two of one name.
          "\033[2J\033]0;x\007",
          "日本語日本語日本語日本語",
          "e\u0301\u0301\u0301",
          "\ud800 \u200b\u202e\u2028",
          "👩‍💻👍🏽",
          "\"}\n# EOF",
          "x".repeat(500));

  /** What a user finds on the keyboard, more often what means something. */
  private static final String CHARACTERS = "bcfghoprsxeCR<>/? 0123456789.*[()|\\x\t\001日\ud83d";

  private static Process process(Random random, int pid) {
    List<Thing> things = new ArrayList<>();
    int vms = random.nextInt(3);
    for (int i = 0; i < vms; i++) {
      things.add(maybeRead(random, new Thing(-1, i, MadeUp.VM, values(random))));
    }
    for (int i = 0; i < random.nextInt(5); i++) {
      Schema schema = random.nextInt(4) == 0 ? MadeUp.PUBLISHED : MadeUp.VCPU;
      things.add(maybeRead(random, new Thing(i, 10 + i, schema, values(random))));
    }
    Process process =
        Process.of(pid, NAMES.get(random.nextInt(NAMES.size())), things.toArray(Thing[]::new));
    if (random.nextInt(4) == 0) {
      process = process.publishes();
    }
    return random.nextInt(4) == 0
        ? process.lacks("why\033[m", List.of(0, 1), Optional.of(Source.DEBUGFS))
        : process;
  }

  private static Thing maybeRead(Random random, Thing thing) {
    return random.nextInt(5) == 0 ? thing.unreadable() : thing;
  }

  private static Optional<Values> values(Random random) {
    long seed = random.nextLong();
    return Optional.of(
        switch (random.nextInt(4)) {
          case 0 -> (stat, bucket, second) -> 0;
          case 1 -> (stat, bucket, second) -> new Random(seed + second).nextLong(); // Resets.
          case 2 -> (stat, bucket, second) -> -1L - Math.max(0, 10_000 - second);
          default -> MadeUp.vcpu(seed >>> 44, 30, 10);
        });
  }

  private static Key key(Random random) {
    Key.Name[] names = Key.Name.values();
    if (random.nextInt(4) == 0) {
      return Key.of(Key.Name.ENTER);
    }
    return random.nextInt(2) == 0
        ? Key.of(names[random.nextInt(names.length)])
        : Key.of(CHARACTERS.charAt(random.nextInt(CHARACTERS.length())));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void everyScreenIsAsLargeAsTheTerminalAndHasNothingThatItWouldObey(long seed) {
    Random random = new Random(seed);
    Screens screens = new Screens(ZoneOffset.UTC, "amd64");
    Keys keys = new Keys(screens);
    Model model = new Model();
    State state = new State(Duration.ofSeconds(1));
    List<Process> processes = new ArrayList<>();
    Set<Place> seen = new HashSet<>();
    int second = 0;
    for (int step = 0; step < STEPS; step++) {
      int width = 1 + random.nextInt(random.nextBoolean() ? 20 : 300);
      int height = 1 + random.nextInt(random.nextBoolean() ? 8 : 80);
      if (random.nextInt(4) == 0) {
        second += 1 + random.nextInt(4);
        if (random.nextInt(5) == 0 && !processes.isEmpty()) {
          processes.remove(random.nextInt(processes.size()));
        }
        if (random.nextInt(3) == 0 && processes.size() < 12) {
          processes.add(process(random, 100 + step));
        }
        model.take(
            random.nextInt(10) == 0
                ? model.latest().with("trouble\n\033[m")
                : MadeUp.sweep(second, processes, MadeUp.HIDDEN));
        state.follow(model);
      }
      if (random.nextInt(20) == 0) {
        state.selected.put(Place.STATS, "halt_wait_hist"); // Which few keys lead to.
      }
      Key key = key(random);
      keys.press(key, model, state, width, Math.max(1, height - 5));
      List<Line> lines = screens.draw(model, state, width, height, second * MadeUp.SECOND);
      seen.add(state.place);
      String where =
          "seed %d, step %d: %dx%d of %s".formatted(seed, step, width, height, state.place);
      assertThat(lines).as(where).hasSize(height);
      for (Line line : lines) {
        String text = line.text();
        if (Line.width(text) != width || text.codePoints().anyMatch(RandomScreensTest::isObeyed)) {
          fail("%s: '%s'", where, Text.printable(text));
        }
      }
    }
    assertThat(seen).containsExactlyInAnyOrder(Place.values());
  }

  /** Also half of a surrogate pair, which no encoding has. */
  private static boolean isObeyed(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }

  @Test
  void everySizeFromOneByOneHasEveryPlace() {
    Screens screens = new Screens(ZoneOffset.UTC, "amd64");
    Model model = new Model();
    State state = new State(Duration.ofSeconds(1));
    model.take(MadeUp.sweep(1, MadeUp.all()));
    model.take(MadeUp.sweep(2, MadeUp.all()));
    state.vmm = "1001:1001";
    state.object = "1001:1001:20";
    state.histogram = "halt_wait_hist";
    for (Place place : Place.values()) {
      state.place = place;
      for (int width = 1; width <= 130; width++) {
        for (int height = 1; height <= 8; height++) {
          List<Line> lines = screens.draw(model, state, width, height, 2 * MadeUp.SECOND);
          assertThat(lines).hasSize(height);
          int wanted = width;
          assertThat(lines).allMatch(line -> line.width() == wanted);
        }
      }
    }
  }

  @Test
  void whatIsSelectedStaysSelectedAndOnTheScreenHoweverItIsSorted() {
    Screens screens = new Screens(ZoneOffset.UTC, "amd64");
    Keys keys = new Keys(screens);
    Model model = new Model();
    State state = new State(Duration.ofSeconds(1));
    model.take(MadeUp.sweep(1, MadeUp.all()));
    model.take(MadeUp.sweep(2, MadeUp.all()));
    Random random = new Random(6);
    keys.press(Key.of(Key.Name.DOWN), model, state, 100, 5);
    String selected = state.selected.get(Place.VMS);
    assertThat(selected).isNotNull();
    for (int i = 0; i < 200; i++) {
      keys.press(Key.of("<>oR".charAt(random.nextInt(4))), model, state, 100, 5);
      List<Row> rows = screens.grid(model, state, 100).orElseThrow().sorted();
      int at = Screens.selected(rows, state).orElseThrow();
      assertThat(rows.get(at).id()).isEqualTo(selected);
      // Even with room for two rows, the one that is selected is among them.
      String name = rows.get(at).cells().getFirst().text();
      assertThat(
              screens.draw(model, state, 100, 7, 2 * MadeUp.SECOND).stream()
                  .filter(line -> line.pieces().stream().allMatch(p -> p.style() == Style.SELECTED))
                  .map(Line::text))
          .singleElement()
          .asString()
          .startsWith(Line.cut(name, 8));
    }
  }
}
