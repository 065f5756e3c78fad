package io.kvmstats.tui;

import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;

/**
 * The terminal, taken over until {@link #close}, which gives it back as it was.
 *
 * <p>One thread draws, another one reads keys; any may close it, once or more often.
 */
final class Tty implements AutoCloseable {
  /** What stands for our characters where the terminal has ASCII alone. */
  private static final Map<Character, Character> ASCII =
      Map.ofEntries(
          Map.entry('–', '-'),
          Map.entry('µ', 'u'),
          Map.entry('×', 'x'),
          Map.entry('∞', '~'),
          Map.entry('▼', 'v'),
          Map.entry('▲', '^'),
          Map.entry('↑', '^'),
          Map.entry('↓', 'v'),
          Map.entry('←', '<'),
          Map.entry('→', '>'),
          Map.entry('▁', '_'),
          Map.entry('▂', '.'),
          Map.entry('▃', '-'),
          Map.entry('▄', '-'),
          Map.entry('▅', '='),
          Map.entry('▆', '+'),
          Map.entry('▇', '*'),
          Map.entry('█', '#'),
          Map.entry('▉', '#'),
          Map.entry('▊', '='),
          Map.entry('▋', '='),
          Map.entry('▌', '='),
          Map.entry('▍', '-'),
          Map.entry('▎', '-'),
          Map.entry('▏', '-'),
          Map.entry('░', '.'),
          Map.entry('▒', 'o'),
          Map.entry('▓', '%'));

  private static final int COLOURS_LEAST = 8;
  private static final int COLUMNS_USUAL = 80;
  private static final int ROWS_USUAL = 24;
  private static final long END_PATIENCE_MILLIS = 1000;
  private static final int NOTHING = -1;

  private final Terminal terminal;
  private final Attributes before;
  private final Display display;
  private final Map<Style, AttributedStyle> styles;
  private final boolean isAscii;
  private final KeyReader keys = new KeyReader(this::read);
  private final java.io.Reader input;
  private final BlockingQueue<Integer> typed = new LinkedBlockingQueue<>();
  private final ReentrantLock writing = new ReentrantLock();
  private boolean isTaken;

  private Tty(Terminal terminal) {
    this.terminal = terminal;
    this.before = terminal.getAttributes();
    this.display = new Display(terminal, true);
    this.input = new InputStreamReader(System.in, terminal.inputEncoding());
    this.isAscii = !StandardCharsets.UTF_8.equals(terminal.outputEncoding());
    this.styles = styles(hasColours(terminal));
  }

  /**
   * Takes over the terminal that this process was started on.
   *
   * @throws IOException when there is none
   */
  static Tty open() throws IOException {
    Terminal terminal =
        TerminalBuilder.builder()
            .system(true)
            .dumb(false)
            .provider(TerminalBuilder.PROP_PROVIDER_FFM)
            .nativeSignals(true)
            .graphemeCluster(false) // Lines are measured by character, here and there.
            .signalHandler(Terminal.SignalHandler.SIG_DFL)
            .build();
    Tty tty = new Tty(terminal);
    Runtime.getRuntime().addShutdownHook(new Thread(tty::close, "terminal"));
    tty.take();
    Thread listener = new Thread(tty::listen, "listens to the terminal");
    listener.setDaemon(true);
    listener.start();
    return tty;
  }

  /** Whoever wants no colours says so in the environment: https://no-color.org. */
  private static boolean hasColours(Terminal terminal) {
    String no = System.getenv("NO_COLOR");
    Integer colours = terminal.getNumericCapability(Capability.max_colors);
    return (no == null || no.isEmpty()) && colours != null && colours >= COLOURS_LEAST;
  }

  /** The eight colours that every terminal has chosen to be readable on its background. */
  private static Map<Style, AttributedStyle> styles(boolean colours) {
    AttributedStyle plain = AttributedStyle.DEFAULT;
    Map<Style, AttributedStyle> styles = new EnumMap<>(Style.class);
    styles.put(Style.PLAIN, plain);
    styles.put(Style.FAINT, plain.faint());
    styles.put(Style.STRONG, plain.bold());
    styles.put(Style.HEADING, plain.inverse());
    styles.put(Style.SORTED, plain.inverse().bold());
    styles.put(
        Style.SELECTED,
        colours
            ? plain.foreground(AttributedStyle.BLACK).background(AttributedStyle.CYAN)
            : plain.inverse().bold());
    styles.put(
        Style.WARNING, colours ? plain.foreground(AttributedStyle.YELLOW) : plain.underline());
    styles.put(Style.BAD, colours ? plain.foreground(AttributedStyle.RED).bold() : plain.bold());
    styles.put(Style.NOTE, colours ? plain.foreground(AttributedStyle.CYAN) : plain.underline());
    styles.put(Style.GRAPH, colours ? plain.foreground(AttributedStyle.GREEN) : plain);
    return styles;
  }

  private void take() {
    writing.lock();
    try {
      terminal.enterRawMode();
      // With JLine's own, a read returns after a tenth of a second, as at the end of a file.
      Attributes raw = terminal.getAttributes();
      raw.setControlChar(Attributes.ControlChar.VMIN, 1);
      raw.setControlChar(Attributes.ControlChar.VTIME, 0);
      terminal.setAttributes(raw);
      terminal.puts(Capability.enter_ca_mode);
      terminal.puts(Capability.keypad_xmit);
      terminal.puts(Capability.cursor_invisible);
      terminal.trackMouse(Terminal.MouseTracking.Normal);
      terminal.flush();
      display.clear();
      isTaken = true;
    } finally {
      writing.unlock();
    }
  }

  private void giveBack() {
    writing.lock();
    try {
      if (isTaken) {
        isTaken = false;
        terminal.trackMouse(Terminal.MouseTracking.Off);
        terminal.puts(Capability.cursor_normal);
        terminal.puts(Capability.keypad_local);
        terminal.puts(Capability.clear_screen); // Not all have another one to go back to.
        terminal.puts(Capability.exit_ca_mode);
        terminal.setAttributes(before);
        terminal.flush();
      }
    } finally {
      writing.unlock();
    }
  }

  /**
   * Says what is to be done on signals.
   *
   * @param resized after the terminal has another size, and when it was taken over anew
   * @param over when the user wants to leave
   */
  void handle(Runnable resized, Runnable over) {
    terminal.handle(Signal.WINCH, signal -> resized.run());
    terminal.handle(Signal.INT, signal -> over.run());
    terminal.handle(
        Signal.TSTP,
        signal -> {
          suspend();
          resized.run();
        });
  }

  /** Lets the user have the shell for a while, as Ctrl-Z has it. */
  private void suspend() {
    giveBack();
    try {
      new ProcessBuilder("kill", "-STOP", Long.toString(ProcessHandle.current().pid()))
          .inheritIO()
          .start()
          .waitFor();
    } catch (IOException e) {
      // There is no kill: nobody was stopped, and the screen is there again at once.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    take();
  }

  /** {@return how many columns and rows it has now} */
  Size size() {
    Size size = terminal.getSize();
    // A serial line and the like know nothing of theirs.
    return Size.of(
        size.getColumns() > 0 ? size.getColumns() : COLUMNS_USUAL,
        size.getRows() > 0 ? size.getRows() : ROWS_USUAL);
  }

  /** Has the next screen drawn as if there was none before. */
  void forget() {
    writing.lock();
    try {
      display.clear();
    } finally {
      writing.unlock();
    }
  }

  /** Shows a screen: writes what is different from the last one. */
  void show(List<Line> lines, Size size) {
    writing.lock();
    try {
      if (!isTaken) {
        return;
      }
      display.resize(size);
      display.update(lines.stream().map(this::attributed).toList(), 0);
    } finally {
      writing.unlock();
    }
  }

  private AttributedString attributed(Line line) {
    AttributedStringBuilder text = new AttributedStringBuilder();
    for (Line.Piece piece : line.pieces()) {
      text.append(isAscii ? ascii(piece.text()) : piece.text(), styles.get(piece.style()));
    }
    return text.toAttributedString();
  }

  private static String ascii(String text) {
    StringBuilder ascii = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      ascii.append(ASCII.getOrDefault(c, c).charValue());
    }
    return ascii.toString();
  }

  /** {@return the next key; empty when the terminal has gone} */
  Optional<Key> read() throws IOException {
    return keys.read();
  }

  private int read(long millis) {
    try {
      Integer next = millis > 0 ? typed.poll(millis, TimeUnit.MILLISECONDS) : typed.take();
      return next == null ? NOTHING : next;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return NOTHING;
    }
  }

  /** By a thread that sleeps until there is something: JLine's looks ten times a second. */
  private void listen() {
    int next;
    do {
      try {
        next = input.read();
      } catch (IOException e) {
        next = NOTHING; // EIO: the terminal has gone.
      }
      typed.add(next);
    } while (next >= 0);
  }

  /**
   * Gives the terminal back; of one that takes nothing any more, such as that of a connection which
   * hangs, only what needs no writing.
   */
  @Override
  public void close() {
    boolean isFree = false;
    try {
      isFree = writing.tryLock(END_PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!isFree) {
      terminal.setAttributes(before);
      return;
    }
    try {
      giveBack();
    } finally {
      writing.unlock();
    }
  }
}
