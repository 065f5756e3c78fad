package io.kvmstats.broker;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Closes what comes from clients, on threads of its own: a descriptor may be anything, and close(2)
 * of a socket that lingers, or of a file of a server's of the client's own, takes as long as the
 * client likes. Thread-safe; the process's end does not wait for it.
 */
final class Closing {
  /** So many closes may hang before others wait for them. */
  private static final int THREADS_MAX = 64;

  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          THREADS_MAX,
          THREADS_MAX,
          1,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          Thread.ofPlatform().name("closing").daemon().factory());

  Closing() {
    threads.allowCoreThreadTimeOut(true);
  }

  /** Has something closed soon. */
  void close(Runnable close) {
    threads.execute(close);
  }
}
