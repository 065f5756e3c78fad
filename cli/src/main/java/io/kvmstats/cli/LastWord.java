package io.kvmstats.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Time to say what was found, when a signal ends the program: what waits here waits no longer, and
 * the JVM waits a little for this to be closed. No thread is interrupted: that would end its I/O
 * too.
 */
final class LastWord implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 3;

  private final CountDownLatch said = new CountDownLatch(1);

  /** Complete when the program is ending. */
  private final CompletableFuture<Void> end = new CompletableFuture<>();

  LastWord() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::end, "last word"));
  }

  /** Also runs when the program ends by itself: then this is closed, and there is nothing to do. */
  private void end() {
    end.complete(null);
    try {
      if (!said.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        Messages.say("ended before the numbers could be shown");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** {@return whether the program is ending} */
  boolean isDue() {
    return end.isDone();
  }

  /** Sleeps, until the program ends at the latest. */
  void sleep(Duration duration) {
    try {
      end.get(duration.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      // Slept.
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("nobody does that", e);
    }
  }

  /** {@return the exit code of a process, which is ended when the program is} */
  int waitFor(Process process) {
    CompletableFuture.anyOf(process.onExit(), end).join();
    if (isDue()) {
      process.destroy();
    }
    return process.onExit().join().exitValue();
  }

  @Override
  public void close() {
    said.countDown();
  }
}
