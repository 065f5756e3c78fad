package io.kvmstats.tui;

import io.kvmstats.collect.HostView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.discover.Hidden;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Looks for VMs and reads them, on a thread each: however long it takes to get at one, the others
 * are read.
 */
final class Reader implements AutoCloseable {
  /** New VMs are looked for no more often: that costs more than to read all that are known. */
  private static final Duration LOOK_LEAST = Duration.ofSeconds(3);

  /** The first rates are not worth a whole interval's wait. */
  private static final Duration FIRST = Duration.ofMillis(250);

  private static final Duration END_PATIENCE = Duration.ofSeconds(1);

  private final HostView host;
  private final Consumer<Snapshot> sink;
  private final Thread looker = new Thread(this::look, "looks for VMs");
  private final Thread sweeper = new Thread(this::sweep, "reads VMs");
  private volatile Duration interval;
  private volatile boolean isOver;
  private volatile boolean hasLooked;
  private volatile Seen seen = new Seen(List.of(), List.of(), "");

  /** What the last look found. */
  private record Seen(List<VmmView> vmms, List<Hidden> hidden, String trouble) {}

  /**
   * Starts reading.
   *
   * @param host closed with this
   * @param sink gets what each sweep found
   * @param failed gets what ends a thread of this
   */
  Reader(HostView host, Duration interval, Consumer<Snapshot> sink, Consumer<Throwable> failed) {
    this.host = host;
    this.interval = interval;
    this.sink = sink;
    for (Thread thread : List.of(looker, sweeper)) {
      thread.setDaemon(true);
      thread.setUncaughtExceptionHandler((_, mistake) -> failed.accept(mistake));
    }
  }

  void start() {
    looker.start();
    sweeper.start();
  }

  /** Reads so often from now on. */
  void every(Duration other) {
    if (!other.equals(interval)) {
      interval = other;
      LockSupport.unpark(looker);
      LockSupport.unpark(sweeper);
    }
  }

  private void look() {
    while (!isOver) {
      try {
        host.refresh();
        seen = new Seen(host.vmms(), host.hidden(), "");
      } catch (IOException e) {
        seen = new Seen(seen.vmms, seen.hidden, String.valueOf(e.getMessage()));
      }
      hasLooked = true;
      LockSupport.unpark(sweeper);
      Duration pause = interval.compareTo(LOOK_LEAST) > 0 ? interval : LOOK_LEAST;
      LockSupport.parkNanos(pause.toNanos());
    }
  }

  private void sweep() {
    Snapshot last = Snapshot.NOTHING;
    Duration told = interval;
    while (!hasLooked && !isOver) {
      LockSupport.parkNanos(
          this, FIRST.toNanos()); // There is nothing to say yet, not even nothing.
    }
    long next = System.nanoTime();
    boolean hasRead = false;
    while (!isOver) {
      Seen now = seen;
      try {
        if (!told.equals(interval)) {
          told = interval;
          host.every(told);
        }
        host.sweep(told.dividedBy(2));
        last = Snapshot.of(now.vmms, now.hidden).with(now.trouble);
      } catch (IOException e) {
        last = last.with(String.valueOf(e.getMessage()));
      }
      sink.accept(last);
      boolean isFirst = !hasRead && !last.vmms().isEmpty();
      hasRead |= isFirst;
      Duration pause = isFirst && told.compareTo(FIRST) > 0 ? FIRST : interval;
      // What was missed is left out: rates over what is left of an interval say little.
      next = Math.max(next + pause.toNanos(), System.nanoTime());
      waitUntil(next, pause);
      next = Math.min(next, System.nanoTime()); // What was left of an interval counts no more.
    }
  }

  /** Until then, or another interval is wanted, or a first look has found something. */
  private void waitUntil(long nanos, Duration pause) {
    boolean hadNone = seen.vmms.isEmpty();
    Duration before = interval;
    for (long left = nanos - System.nanoTime();
        left > 0 && !isOver && interval.equals(before) && hadNone == seen.vmms.isEmpty();
        left = nanos - System.nanoTime()) {
      LockSupport.parkNanos(this, Math.min(left, pause.toNanos()));
    }
  }

  @Override
  public void close() {
    isOver = true;
    LockSupport.unpark(looker);
    LockSupport.unpark(sweeper);
    try {
      boolean ended = looker.join(END_PATIENCE) && sweeper.join(END_PATIENCE);
      if (ended) {
        host.close(); // Else somebody is in the midst of it, and the process's end closes it.
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
