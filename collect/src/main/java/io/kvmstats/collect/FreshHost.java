package io.kvmstats.collect;

import io.kvmstats.core.model.Sample;
import java.io.IOException;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A host's VMs for those who are asked for numbers one by one, at any time, by threads of others:
 * VMs are looked for on a thread of its own, and one sweep serves all numbers that are asked for at
 * about the same time.
 *
 * <p>When nothing can be looked for or read, every sample is empty, until it can again. That is
 * logged once, by {@link System.Logger}.
 */
public final class FreshHost implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(FreshHost.class.getName());
  private static final Duration END_PATIENCE = Duration.ofSeconds(1);

  private final HostView host;
  private final Duration interval;
  private final Consumer<List<VmmView>> seen;
  private final Thread looker = new Thread(this::keepLooking, "looks for VMs");

  /** Held for whatever reads or ends what is read. */
  private final ReentrantLock reading = new ReentrantLock();

  private final IdentityHashMap<ObjectView, Optional<Sample>> samples = new IdentityHashMap<>();
  private long sweepNanos;
  private boolean isDue = true;
  private boolean couldSweep;
  private volatile boolean couldLook;
  private volatile boolean isOver;
  private String said = "";

  /**
   * Takes over a view of a host, and does nothing yet.
   *
   * @param host used by nobody else from now on; closed with this
   * @param interval from one look for VMs to the next, and how old a sample may be
   * @param seen is given the VMMs after each look, by one thread at a time
   */
  public FreshHost(HostView host, Duration interval, Consumer<List<VmmView>> seen) {
    this.host = host;
    this.interval = interval;
    this.seen = seen;
    looker.setDaemon(true);
  }

  /**
   * Looks once before it returns, and from then on beside. To be called once.
   *
   * @throws IllegalStateException when this was closed
   */
  public void start() {
    if (isOver) {
      throw new IllegalStateException("closed");
    }
    look();
    looker.start();
  }

  private void keepLooking() {
    try {
      LockSupport.parkNanos(interval.toNanos());
      while (!isOver) {
        look();
        LockSupport.parkNanos(interval.toNanos());
      }
    } finally {
      closeHost(); // By whoever looks, so that nobody closes it in the midst of a look.
    }
  }

  private void look() {
    try {
      host.refresh();
      couldLook = true;
      reading.lock();
      try {
        isDue = true; // What is new has no sample yet.
      } finally {
        reading.unlock();
      }
      seen.accept(host.vmms());
    } catch (IOException e) {
      couldLook = false;
      say(String.valueOf(e.getMessage()), e);
    } catch (RuntimeException e) {
      couldLook = false;
      say("a mistake of ours while looking for VMs: " + e, e);
    }
  }

  /** Says what is the matter, if that is news since all was well. */
  private synchronized void say(String what, Exception e) {
    if (!what.equals(said)) {
      said = what;
      LOG.log(System.Logger.Level.WARNING, what, e);
    }
  }

  private synchronized void allIsWell() {
    said = "";
  }

  /**
   * {@return an object's newest sample, which is no older than the interval; empty when it can't be
   * read}
   *
   * <p>From any thread. Reads all objects where the last time is too long ago, and may wait for
   * another thread that does.
   *
   * @param object of a VMM that was seen in the last look
   */
  public Optional<Sample> sample(ObjectView object) {
    reading.lock();
    try {
      sweepWhereDue();
      return canRead()
          ? samples.computeIfAbsent(object, view -> view.read().map(Reading::latest))
          : Optional.empty();
    } finally {
      reading.unlock();
    }
  }

  /** {@return whether there is anything to read VMs from; from any thread, as a sample is} */
  public boolean isUp() {
    reading.lock();
    try {
      sweepWhereDue();
      return canRead();
    } finally {
      reading.unlock();
    }
  }

  private boolean canRead() {
    return couldLook && couldSweep && !isOver;
  }

  private void sweepWhereDue() {
    long now = System.nanoTime();
    // Half of it: who asks once in an interval gets another sample each time, early or late.
    if (isOver || (!isDue && now - sweepNanos < interval.toNanos() / 2)) {
      return;
    }
    samples.clear();
    sweepNanos = now;
    isDue = false;
    try {
      host.sweep(interval);
      couldSweep = true;
      if (couldLook) {
        allIsWell();
      }
    } catch (IOException e) {
      couldSweep = false;
      say(String.valueOf(e.getMessage()), e);
    }
  }

  private void closeHost() {
    reading.lock();
    try {
      samples.clear();
      host.close();
    } finally {
      reading.unlock();
    }
  }

  /**
   * Ends looking and reading, and closes the host. In the midst of a look that is done at its end,
   * which this waits for no longer than a second.
   */
  @Override
  public void close() {
    if (isOver) {
      return;
    }
    isOver = true;
    if (looker.getState() == Thread.State.NEW) {
      closeHost();
      return;
    }
    LockSupport.unpark(looker);
    try {
      if (!looker.join(END_PATIENCE)) {
        LOG.log(System.Logger.Level.WARNING, "a look for VMs takes long, and ends beside");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // It ends without being waited for.
    }
  }
}
