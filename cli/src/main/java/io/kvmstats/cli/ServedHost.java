package io.kvmstats.cli;

import io.kvmstats.collect.HostView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.openmetrics.Health;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A host's VMs for whoever asks at any time: new ones are looked for beside, and however many ask
 * within an interval, there is one sweep for all.
 */
final class ServedHost implements AutoCloseable {
  /** New VMs are looked for no more often: that costs more than to read all that are known. */
  private static final Duration LOOK_LEAST = Duration.ofSeconds(3);

  private static final Duration END_PATIENCE = Duration.ofSeconds(1);

  private final HostView host;
  private final Duration interval;
  private final String version;
  private final Log log;
  private final Thread looker = new Thread(this::look, "looks for VMs");
  private final ReentrantLock reading = new ReentrantLock();
  private volatile boolean isOver;
  private volatile Seen seen = new Seen(List.of(), 0, true);
  private Sweep last = new Sweep(List.of(), new Health(false, 0, Double.NaN, ""), 0);

  /** What the last look found, and whether it could look. */
  private record Seen(List<VmmView> vmms, int hidden, boolean isUp) {}

  /**
   * What a sweep found. One that failed has no VMs: nothing is known of them.
   *
   * @param vmms whose newest samples are as old as this, or younger
   * @param health of who reads
   * @param nanos when it began, as {@link System#nanoTime} counts
   */
  record Sweep(List<VmmView> vmms, Health health, long nanos) {}

  /**
   * Serves from a view of the host.
   *
   * @param host closed with this
   * @param interval how old numbers may be
   */
  ServedHost(HostView host, Duration interval, String version, Log log) {
    this.host = host;
    this.interval = interval;
    this.version = version;
    this.log = log;
    looker.setDaemon(true);
  }

  /** Looks once, and from then on beside. */
  void start() {
    lookOnce();
    looker.start();
  }

  private void look() {
    Duration pause = interval.compareTo(LOOK_LEAST) > 0 ? interval : LOOK_LEAST;
    while (!isOver) {
      LockSupport.parkNanos(pause.toNanos());
      if (!isOver) {
        lookOnce();
        log.sayHeld();
      }
    }
  }

  private void lookOnce() {
    try {
      host.refresh();
      seen = new Seen(host.vmms(), host.hidden().size(), true);
    } catch (IOException e) {
      log.warn(String.valueOf(e.getMessage()));
      seen = new Seen(List.of(), 0, false);
    } catch (RuntimeException e) {
      log.warn("a mistake of ours while looking for VMs: " + e);
      seen = new Seen(List.of(), 0, false);
    }
  }

  /** {@return the newest sweep, which is made now where the last one is too old} */
  Sweep sweep() {
    reading.lock();
    try {
      long now = System.nanoTime();
      if (last.nanos == 0 || now - last.nanos >= interval.toNanos()) {
        last = sweep(now);
      }
      return last;
    } finally {
      reading.unlock();
    }
  }

  private Sweep sweep(long start) {
    Seen now = seen;
    boolean isUp = now.isUp;
    try {
      host.sweep(interval);
    } catch (IOException e) {
      log.warn(String.valueOf(e.getMessage()));
      isUp = false;
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    Health health = new Health(isUp, now.hidden, isUp ? seconds : Double.NaN, version);
    return new Sweep(isUp ? now.vmms : List.of(), health, start);
  }

  @Override
  public void close() {
    isOver = true;
    LockSupport.unpark(looker);
    try {
      if (looker.join(END_PATIENCE) && reading.tryLock()) {
        try {
          host.close(); // Else somebody is in the midst of it, and the process's end closes it.
        } finally {
          reading.unlock();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
