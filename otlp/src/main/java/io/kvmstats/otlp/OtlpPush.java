package io.kvmstats.otlp;

import io.kvmstats.collect.VmmView;
import io.kvmstats.discover.BootTime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Pushes what there is to a receiver of OTLP, at intervals.
 *
 * <p>All that is pushed is cumulative or of the moment. So nothing is kept for a receiver that is
 * away: a request is tried again until the next one is due, which says all that it said, and there
 * is never more than one in memory, of at most 4 MiB.
 */
public final class OtlpPush implements AutoCloseable {
  /** What the end of the program waits for. */
  private static final Duration LAST_TRY = Duration.ofSeconds(2);

  /** And what it waits for the thread to end after that. */
  private static final Duration LAST_SECOND = Duration.ofSeconds(1);

  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

  private final Target target;
  private final Supplier<List<VmmView>> read;
  private final String version;
  private final Consumer<String> trouble;
  private final Export export;
  private final CompletableFuture<Void> closing = new CompletableFuture<>();
  private final Thread thread;

  /** Of {@link System#nanoTime}: before this the receiver does not want to see us. */
  private long notBefore = System.nanoTime();

  /**
   * Begins nothing yet.
   *
   * @param target where to, and how often
   * @param read looks at the VMs, sweeps them, and gives what there is; called by one thread of
   *     this; throws {@link UncheckedIOException} when nothing can be read now
   * @param version of this program
   * @param trouble takes what goes wrong, a line each time; called by the same thread
   */
  public OtlpPush(
      Target target, Supplier<List<VmmView>> read, String version, Consumer<String> trouble) {
    this(target, read, version, trouble, new Export(hostName(), BootTime.read()));
  }

  OtlpPush(
      Target target,
      Supplier<List<VmmView>> read,
      String version,
      Consumer<String> trouble,
      Export export) {
    this.target = target;
    this.read = read;
    this.version = version;
    this.trouble = trouble;
    this.export = export;
    this.thread = Thread.ofPlatform().name("otlp").daemon().unstarted(this::run);
  }

  /** {@return where it pushes to, and how often} */
  @Override
  public String toString() {
    return target.toString();
  }

  /** Starts a thread that pushes at once, and from then on at each interval. */
  public void start() {
    thread.start();
  }

  private void run() {
    Transport transport = new Transport(target, version);
    long due = System.nanoTime();
    while (!closesWithin(due - System.nanoTime())) {
      due = Math.max(due + target.interval().toNanos(), System.nanoTime());
      push(new Round(transport, due, closing, false));
    }
    long end = System.nanoTime() + LAST_TRY.toNanos();
    push(new Round(transport, end, new CompletableFuture<>(), true));
  }

  /**
   * One push.
   *
   * @param until when it is of no use any more, as {@link System#nanoTime} counts
   * @param stop ends it before
   * @param isLast whether nothing is tried again, and nobody is waited for beyond {@code until}
   */
  private record Round(
      Transport transport, long until, CompletableFuture<?> stop, boolean isLast) {}

  private void push(Round round) {
    long wait = notBefore - System.nanoTime();
    if (notBefore - round.until >= 0 || (wait > 0 && (round.isLast || closesWithin(wait)))) {
      return;
    }
    try {
      List<VmmView> vmms = read.get();
      export.write(
          vmms,
          Times.now(),
          new Requests(version, Requests.BYTES_MAX, request -> send(request, round)));
    } catch (UncheckedIOException e) {
      say("nothing can be read: " + e.getMessage());
    } catch (RuntimeException e) {
      // The next round may do better; without this there would be none.
      say("a mistake of kvmstats: " + e);
    }
  }

  /** {@return whether there is any use in sending more in this round} */
  private boolean send(byte[] request, Round round) {
    for (Duration wait = FIRST_WAIT; ; wait = shorter(wait.multipliedBy(2), LONGEST_WAIT)) {
      Duration patience =
          round.isLast ? Duration.ofNanos(round.until - System.nanoTime()) : target.timeout();
      switch (round.transport.post(request, shorter(patience, target.timeout()), round.stop)) {
        case Outcome.Taken taken -> {
          taken.complaint().ifPresent(this::say);
          return true;
        }
        case Outcome.Refused refused -> {
          say(refused.reason() + ": what was sent is dropped");
          return true;
        }
        case Outcome.Later later -> {
          if (closing.isDone() && !round.isLast) {
            return false; // It was us who ended it.
          }
          say(later.reason());
          long now = System.nanoTime();
          notBefore = now + later.after().orElse(Duration.ZERO).toNanos();
          long next = Math.max(notBefore, now + jittered(wait));
          if (round.isLast || next - round.until >= 0 || closesWithin(next - now)) {
            return false;
          }
        }
      }
    }
  }

  /** {@return from half of a wait to all of it, in ns: not all who lost a receiver come at once} */
  private static long jittered(Duration wait) {
    return ThreadLocalRandom.current().nextLong(wait.toNanos() / 2, wait.toNanos() + 1);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private void say(String what) {
    trouble.accept("OTLP to " + target.shown() + ": " + what);
  }

  /** Waits until this is closed, or that long. */
  private boolean closesWithin(long nanos) {
    try {
      closing.get(Math.max(nanos, 0), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      // Whoever interrupts it wants it to end.
      closing.complete(null);
      return true;
    } catch (ExecutionException e) {
      throw new AssertionError("it is completed in one way alone", e);
    }
  }

  private static Optional<String> hostName() {
    try {
      return Optional.of(Files.readString(Path.of("/proc/sys/kernel/hostname")).strip())
          .filter(name -> !name.isEmpty());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Pushes once more, without trying again, and ends: within 3 s, also when the receiver or who
   * reads hangs.
   */
  @Override
  public void close() {
    closing.complete(null);
    if (!thread.isAlive()) {
      return; // It was never started.
    }
    try {
      thread.join(LAST_TRY.plus(LAST_SECOND));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
