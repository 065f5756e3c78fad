package io.kvmstats.cli;

import io.kvmstats.collect.HostView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.openmetrics.Health;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A host's VMs for whoever asks at any time: new ones are looked for beside, and however many ask
 * within an interval, there is one sweep for all.
 */
final class ServedHost implements AutoCloseable {
  /** New VMs are looked for no more often: that costs more than to read all that are known. */
  private static final Duration LOOK_LEAST = Duration.ofSeconds(3);

  /** For how long what has failed is taken to fail still: each try may wait for seconds. */
  private static final long FAILURE_NANOS = 2_000_000_000L;

  private static final Duration END_PATIENCE = Duration.ofSeconds(1);

  private final HostView host;
  private final Duration interval;
  private final String version;
  private final Log log;
  private final Thread looker = new Thread(this::look, "looks for VMs");
  private final ReentrantLock reading = new ReentrantLock();
  private volatile boolean isOver;
  private volatile Seen seen = new Seen(List.of(), 0, true);
  private volatile Optional<Sweep> last = Optional.empty();

  /** What the last look found, and whether it could look. */
  private record Seen(List<VmmView> vmms, int hidden, boolean isUp) {}

  /**
   * What a sweep found. One that failed has no VMs: nothing is known of them.
   *
   * @param vmms whose newest samples these are
   * @param health of who reads
   * @param beganNanos when it began, as {@link System#nanoTime} counts
   * @param endedNanos when it ended
   */
  record Sweep(List<VmmView> vmms, Health health, long beganNanos, long endedNanos) {}

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
    if (seen.isUp && seen.vmms.isEmpty() && seen.hidden > 0) {
      log.warn(
          "processes seem to hold VMs that may not be read from here: run 'kvmstats broker' as root,"
              + " and this beside it; 'kvmstats doctor' says more");
    }
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

  /**
   * {@return the newest sweep, which is made now where the last one is too old}
   *
   * <p>Who comes while one is made gets that one, however long it takes and whatever comes of it.
   */
  Sweep sweep() {
    long asked = System.nanoTime();
    reading.lock();
    try {
      Sweep newest = last.filter(sweep -> isGood(sweep, asked)).orElse(null);
      if (newest == null) {
        newest = make();
        last = Optional.of(newest);
      }
      return newest;
    } finally {
      reading.unlock();
    }
  }

  private boolean isGood(Sweep sweep, long asked) {
    if (sweep.endedNanos - asked >= 0) {
      return true;
    }
    return sweep.health.up()
        ? asked - sweep.beganNanos < interval.toNanos()
        : asked - sweep.endedNanos < FAILURE_NANOS;
  }

  private Sweep make() {
    long began = System.nanoTime();
    Seen now = seen;
    boolean isUp = now.isUp; // Who has nothing to look at waits for nobody.
    try {
      if (isUp) {
        host.sweep(host.attainable(interval));
      }
    } catch (IOException e) {
      log.warn(String.valueOf(e.getMessage()));
      isUp = false;
    }
    long ended = System.nanoTime();
    if (isUp && last.filter(before -> !before.health.up()).isPresent()) {
      log.info("VMs can be read again");
    }
    double seconds = isUp ? (ended - began) / 1e9 : Double.NaN;
    Health health = new Health(isUp, now.hidden, seconds, version);
    return new Sweep(isUp ? now.vmms : List.of(), health, began, ended);
  }

  /** {@return whether the last sweep read something; makes none while another is being made} */
  boolean isReady() {
    if (reading.tryLock()) {
      try {
        return sweep().health.up();
      } finally {
        reading.unlock();
      }
    }
    return last.filter(sweep -> sweep.health.up()).isPresent();
  }

  @Override
  public void close() {
    isOver = true;
    LockSupport.unpark(looker);
    try {
      boolean looks = looker.isAlive() && !looker.join(END_PATIENCE);
      if (!looks && reading.tryLock()) {
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
