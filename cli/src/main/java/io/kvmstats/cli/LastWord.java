package io.kvmstats.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Time to say what was found, when a signal ends the program: the thread that made this is
 * interrupted, and the JVM waits a little for it to close this.
 */
final class LastWord implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 3;

  private final CountDownLatch said = new CountDownLatch(1);
  private volatile boolean due;

  LastWord() {
    Thread speaker = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(speaker), "last word"));
  }

  /** Also runs when the program ends by itself: then this is closed, and there is nothing to do. */
  private void end(Thread speaker) {
    if (said.getCount() > 0) {
      due = true;
      speaker.interrupt();
      try {
        if (!said.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
          Messages.say("ended before the numbers could be shown");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** {@return whether the program is ending} */
  boolean isDue() {
    return due;
  }

  /** Sleeps, until the program ends at the latest. */
  static void sleep(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      // What was found so far is what there is.
    }
  }

  /** {@return the exit code of a process, which is ended when the program is} */
  static int waitFor(Process process) {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroy();
      return process.onExit().join().exitValue();
    }
  }

  @Override
  public void close() {
    said.countDown();
  }
}
