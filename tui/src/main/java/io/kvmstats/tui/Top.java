package io.kvmstats.tui;

import io.kvmstats.collect.HostView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.tui.State.Place;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jline.terminal.Size;
import org.jspecify.annotations.Nullable;

/** A live screen of the VMs that a host has, on the terminal, until the user leaves it. */
public final class Top {
  /** How much longer than an interval nothing may happen before the screen says how old it is. */
  private static final long IDLE_MILLIS = 1000;

  /** What there is above and below the rows of a table. */
  private static final int FRAME_ROWS = 5;

  private final Settings settings;
  private final Duration interval;
  private final Predicate<Descriptor> wanted;
  private final Model model = new Model();
  private final Screens screens = new Screens(ZoneId.systemDefault());
  private final Keys keys = new Keys(screens);
  private final AtomicReference<@Nullable Snapshot> newest = new AtomicReference<>();
  private final BlockingQueue<Runnable> events = new LinkedBlockingQueue<>();

  /**
   * Makes a screen that is not shown yet.
   *
   * @param interval from one reading to the next; the user may change it
   * @param wanted which statistics are shown of an object, and summed up
   * @param settings a file that the columns chosen are kept in; need not be there
   */
  public Top(Duration interval, Predicate<Descriptor> wanted, Path settings) {
    this.interval = interval;
    this.wanted = wanted;
    this.settings = new Settings(settings);
  }

  /**
   * Shows it until the user leaves, or the terminal has gone.
   *
   * @param host what is read; closed with the screen
   * @param limit when to end it anyway
   * @throws IOException when there is no terminal, or the settings can't be read
   */
  public void run(HostView host, Duration limit) throws IOException {
    State state = new State(interval);
    state.wanted = wanted;
    try {
      state.fields = settings.load();
    } catch (IOException e) {
      state.message = "the columns chosen can't be read: " + Settings.why(e);
    }
    try (Tty tty = Tty.open();
        Reader reader = new Reader(host, interval, this::wake, this::fail)) {
      tty.handle(() -> events.add(tty::forget), () -> events.add(() -> state.isOver = true));
      Thread typist = new Thread(() -> type(tty, state), "waits for keys");
      typist.setDaemon(true);
      typist.setUncaughtExceptionHandler((_, mistake) -> fail(mistake));
      typist.start();
      reader.start();
      long start = System.nanoTime();
      while (!state.isOver && System.nanoTime() - start < limit.toNanos()) {
        draw(tty, state);
        next(state);
        reader.every(state.interval);
        if (state.place != Place.COLUMNS) {
          keep(state);
        }
      }
      keep(state);
    }
  }

  /** A mistake of ours on another thread is no less one, and is said where it can be read. */
  private void fail(Throwable mistake) {
    events.add(() -> {
      throw new IllegalStateException("a thread of top's has ended", mistake);
    });
  }

  private void wake(Snapshot snapshot) {
    if (newest.getAndSet(snapshot) == null) {
      events.add(() -> {}); // One that was not drawn yet is left out: the newest counts.
    }
  }

  private void type(Tty tty, State state) {
    try {
      for (Optional<Key> key = tty.read(); key.isPresent(); key = tty.read()) {
        Key pressed = key.get();
        events.add(() -> {
          Size size = tty.size();
          boolean known = keys.press(pressed, model, state, size.getColumns(), page(size));
          if (!known) {
            tty.forget();
          }
        });
      }
    } catch (IOException e) {
      // As when it says that there is nothing more: the terminal has gone.
    }
    events.add(() -> state.isOver = true);
  }

  private void draw(Tty tty, State state) {
    Snapshot snapshot = state.isPaused ? null : newest.getAndSet(null);
    if (snapshot != null) {
      model.take(snapshot);
      state.follow(model);
    }
    Size size = tty.size();
    List<Line> lines =
        screens.draw(model, state, size.getColumns(), size.getRows(), System.nanoTime());
    tty.show(lines, size);
  }

  private static int page(Size size) {
    return Math.max(1, size.getRows() - FRAME_ROWS);
  }

  /** Waits for something to happen, and does all that has. */
  private void next(State state) {
    try {
      Runnable event = events.poll(state.interval.toMillis() + IDLE_MILLIS, TimeUnit.MILLISECONDS);
      while (event != null) {
        event.run();
        event = events.poll();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("nobody interrupts the thread that draws", e);
    }
  }

  private void keep(State state) {
    try {
      settings.save(state.fields);
    } catch (IOException e) {
      state.message = "the columns can't be kept: " + Settings.why(e);
    }
  }
}
