package io.kvmstats.tui;

import io.kvmstats.tui.Key.Name;
import java.io.IOException;
import java.util.Optional;

/** Makes keys of what a terminal sends for them. */
final class KeyReader {
  /** What follows an Escape within this time was sent by one key. */
  private static final long PATIENCE_MILLIS = 50;

  private static final int ESCAPE = 0x1b;
  private static final int SEQUENCE_MAX = 32;
  private static final int MOUSE_BYTES = 3;
  private static final int MOUSE_OFFSET = 32;
  private static final int WHEEL_UP = 64;
  private static final int WHEEL_DOWN = 65;

  private static final int NONE = -1;

  private final Source source;

  /** What came behind a lone Escape, and belongs to the next key. */
  private int pending = NONE;

  /** Where the characters come from. */
  interface Source {
    /**
     * {@return the next character; negative when there is none in time, or never more}
     *
     * @param millis how long to wait, 0 for ever
     */
    int read(long millis) throws IOException;
  }

  KeyReader(Source source) {
    this.source = source;
  }

  /** {@return the next key; empty when the terminal has gone} */
  Optional<Key> read() throws IOException {
    int first = pending == NONE ? source.read(0) : pending;
    pending = NONE;
    if (first < 0) {
      return Optional.empty();
    }
    if (first != ESCAPE) {
      return Optional.of(plain(first));
    }
    int second = source.read(PATIENCE_MILLIS);
    if (second != '[' && second != 'O') {
      // Alt means nothing here: two keys, in whatever haste.
      pending = second < 0 ? NONE : second;
      return Optional.of(Key.of(Name.ESCAPE));
    }
    StringBuilder sequence = new StringBuilder().append((char) first).append((char) second);
    int next;
    do {
      next = source.read(PATIENCE_MILLIS);
      if (next >= 0) {
        sequence.append((char) next);
      }
    } while (next >= 0 && !isLast(next, second) && sequence.length() < SEQUENCE_MAX);
    if (sequence.toString().equals("\033[M")) {
      return Optional.of(oldMouse());
    }
    return Optional.of(parsed(sequence.toString()));
  }

  private static boolean isLast(int character, int second) {
    return second == 'O' || (character >= '@' && character <= '~' && character != '[');
  }

  private static Key plain(int character) {
    return switch (character) {
      case '\r', '\n' -> Key.of(Name.ENTER);
      case '\b', 0x7f -> Key.of(Name.BACKSPACE);
      default -> Key.of(character);
    };
  }

  /** xterm's first way to say where the mouse is: the button, the column and the row. */
  private Key oldMouse() throws IOException {
    int button = source.read(PATIENCE_MILLIS) - MOUSE_OFFSET;
    for (int i = 1; i < MOUSE_BYTES; i++) {
      source.read(PATIENCE_MILLIS);
    }
    return wheel(button);
  }

  private static Key wheel(int button) {
    return Key.of(
        button == WHEEL_UP ? Name.WHEEL_UP : button == WHEEL_DOWN ? Name.WHEEL_DOWN : Name.OTHER);
  }

  private static Key parsed(String sequence) {
    if (sequence.startsWith("\033[<")) {
      String button = sequence.substring(3).split("[;Mm]", 2)[0];
      return wheel(button.matches("\\d{1,3}") ? Integer.parseInt(button) : -1);
    }
    // Whether the keypad is in application mode, or a modifier was held, makes no difference here.
    String which = sequence.substring(2).replaceFirst("1?;\\d+", "");
    return Key.of(
        switch (which) {
          case "A" -> Name.UP;
          case "B" -> Name.DOWN;
          case "C" -> Name.RIGHT;
          case "D" -> Name.LEFT;
          case "H", "1~", "7~" -> Name.HOME;
          case "F", "4~", "8~" -> Name.END;
          case "5~" -> Name.PAGE_UP;
          case "6~" -> Name.PAGE_DOWN;
          case "M" -> Name.ENTER;
          default -> Name.OTHER;
        });
  }
}
