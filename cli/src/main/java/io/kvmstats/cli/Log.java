package io.kvmstats.cli;

import io.kvmstats.core.text.Text;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * The log of a server: a line per event, of key=value pairs, on standard error. Any thread.
 *
 * <p>What is said again and again is said once, and then once a minute with how often it was: what
 * goes wrong at each scrape must not fill a disk.
 */
final class Log {
  private static final Duration QUIET = Duration.ofMinutes(1);
  private static final int KNOWN_MAX = 100;

  private final PrintStream out;
  private final InstantSource clock;
  private final SequencedMap<String, Repeated> known = new LinkedHashMap<>();

  /** What was said before: when, and how often it was held back since. */
  private static final class Repeated {
    private Instant said;
    private long held;

    Repeated(Instant said) {
      this.said = said;
    }
  }

  /** Writes to somewhere; a disk that is full keeps lines from being there, and nothing else. */
  Log(PrintStream out, InstantSource clock) {
    this.out = out;
    this.clock = clock;
  }

  /** Says what has happened, and before that what was held back: it may be over by this. */
  synchronized void info(String message) {
    Instant now = clock.instant();
    known.forEach((held, repeated) -> flush(held, repeated, now));
    known.clear();
    write("info", message, 0);
  }

  /** Says what is wrong, and may be so for a while. */
  synchronized void warn(String message) {
    Instant now = clock.instant();
    sayHeld(now);
    Repeated before = known.get(message);
    if (before != null) {
      before.held++;
      return;
    }
    if (known.size() == KNOWN_MAX) {
      Map.Entry<String, Repeated> oldest = known.firstEntry();
      flush(oldest.getKey(), oldest.getValue(), now);
      known.remove(oldest.getKey());
    }
    known.put(message, new Repeated(now));
    write("warn", message, 0);
  }

  /** Says what was held back for long enough; to be called now and then. */
  synchronized void sayHeld() {
    sayHeld(clock.instant());
  }

  private void sayHeld(Instant now) {
    known
        .entrySet()
        .removeIf(entry -> {
          if (entry.getValue().said.plus(QUIET).isAfter(now)) {
            return false;
          }
          boolean isOver = entry.getValue().held == 0;
          flush(entry.getKey(), entry.getValue(), now);
          return isOver;
        });
  }

  private void flush(String message, Repeated repeated, Instant now) {
    if (repeated.held > 0) {
      write("warn", message, repeated.held);
      repeated.held = 0;
      repeated.said = now;
    }
  }

  private void write(String level, String message, long repeated) {
    out.println(
        "time="
            + clock.instant().truncatedTo(ChronoUnit.MILLIS)
            + " level="
            + level
            + " msg="
            + new Json().value(Text.printable(message)).line().strip()
            + (repeated > 0 ? " repeated=" + repeated : ""));
  }
}
