package io.kvmstats.tui;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.tui.Key.Name;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What terminals send for keys. */
class KeyReaderTest {
  /** A terminal that has sent something, and sends no more. */
  private static final class Sent implements KeyReader.Source {
    private final String text;
    private int at;

    Sent(String text) {
      this.text = text.replace("^[", "\033");
    }

    @Override
    public int read(long millis) {
      return at < text.length() ? text.charAt(at++) : -1;
    }
  }

  private static List<Key> keys(String sent) throws IOException {
    KeyReader reader = new KeyReader(new Sent(sent));
    List<Key> keys = new ArrayList<>();
    for (Optional<Key> key = reader.read(); key.isPresent(); key = reader.read()) {
      keys.add(key.get());
    }
    return keys;
  }

  /** With a key behind it that must not be taken for a part of it. */
  @ParameterizedTest
  @CsvSource({
    // Normal mode: linux console, xterm before it is asked for the other one.
    "^[[A, UP",
    "^[[B, DOWN",
    "^[[C, RIGHT",
    "^[[D, LEFT",
    // Application mode: xterm, tmux, screen.
    "^[OA, UP",
    "^[OB, DOWN",
    "^[OC, RIGHT",
    "^[OD, LEFT",
    // xterm; the same in application mode; linux console, tmux, screen; rxvt.
    "^[[H, HOME",
    "^[[F, END",
    "^[OH, HOME",
    "^[OF, END",
    "^[[1~, HOME",
    "^[[4~, END",
    "^[[7~, HOME",
    "^[[8~, END",
    "^[[5~, PAGE_UP",
    "^[[6~, PAGE_DOWN",
    // With Shift or Control held; the keypad's Enter.
    "^[[1;5A, UP",
    "^[[1;2F, END",
    "^[[5;3~, PAGE_UP",
    "^[OM, ENTER",
    // The wheel, as all tell today, and as xterm did first.
    "^[[<64;10;5M, WHEEL_UP",
    "^[[<65;222;55M, WHEEL_DOWN",
    "^[[M`!!, WHEEL_UP",
    "^[[Ma!!, WHEEL_DOWN",
    // What means nothing here: buttons, F1 of the linux console and of xterm, Delete.
    "^[[<0;10;5M, OTHER",
    "^[[<0;10;5m, OTHER",
    "^[[M !!, OTHER",
    "^[[[A, OTHER",
    "^[OP, OTHER",
    "^[[3~, OTHER",
  })
  void sequences(String sequence, Name name) throws IOException {
    assertThat(keys(sequence + "q")).containsExactly(Key.of(name), Key.of('q'));
  }

  @Test
  void whatIsNoSequence() throws IOException {
    assertThat(keys("^[")).containsExactly(Key.of(Name.ESCAPE));
    assertThat(keys("^[^[[A^[^[q"))
        .containsExactly(
            Key.of(Name.ESCAPE),
            Key.of(Name.UP),
            Key.of(Name.ESCAPE),
            Key.of(Name.ESCAPE),
            Key.of('q'));
    assertThat(keys("\r\n\b\177"))
        .containsExactly(
            Key.of(Name.ENTER), Key.of(Name.ENTER), Key.of(Name.BACKSPACE), Key.of(Name.BACKSPACE));
    assertThat(keys("q/é日")).containsExactly(Key.of('q'), Key.of('/'), Key.of('é'), Key.of('日'));
    assertThat(keys("")).isEmpty();
  }

  /** What is cut off, because the terminal went or is slow, is no other key. */
  @ParameterizedTest
  @CsvSource({"^[[", "^[O", "^[[1", "^[[1;", "^[[<", "^[[<64", "^[[<64;1", "^[[M", "^[[M`"})
  void whatIsCutOffMeansNothing(String sequence) throws IOException {
    List<Key> keys = keys(sequence);
    assertThat(keys).hasSize(1);
    assertThat(keys.getFirst().name()).isIn(Name.OTHER, Name.WHEEL_UP);
  }

  @Test
  void aSequenceWithoutEndIsCutOff() throws IOException {
    int[] asked = {0};
    KeyReader endless = new KeyReader(millis -> asked[0]++ == 0 ? 0x1b : asked[0] == 2 ? '[' : '1');
    assertThat(endless.read()).contains(Key.of(Name.OTHER));
    assertThat(asked[0]).isLessThan(100);
  }

  @Test
  void garbageIsBoundedAndEndsNothing() throws IOException {
    Random random = new Random(1);
    String likely = "\033\033[OM<;~0123456789ABCDHFmq\u0000\u009b\uffff日";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int k = random.nextInt(40); k >= 0; k--) {
        text.append(
            random.nextInt(4) == 0
                ? (char) random.nextInt(0x10000)
                : likely.charAt(random.nextInt(likely.length())));
      }
      assertThat(keys(text.toString())).hasSizeLessThanOrEqualTo(text.length());
    }
  }
}
