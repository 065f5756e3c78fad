package io.kvmstats.broker;

import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A broker in this process, on a thread of its own. */
final class RunningBroker implements AutoCloseable {
  static final Duration INTERVAL = Duration.ofMillis(100);
  static final Duration LIMIT = Duration.ofMillis(20);

  final Path socket;
  final List<String> log = new CopyOnWriteArrayList<>();
  private final Broker broker;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final Future<?> run;

  RunningBroker(Path folder, String mode) throws IOException {
    socket = folder.resolve("broker.sock");
    broker =
        new Broker(socket, PosixFilePermissions.fromString(mode), INTERVAL, LIMIT, false, log::add);
    run =
        thread.submit(() -> {
          broker.run();
          return null;
        });
  }

  void replaceTable() {
    broker.replaceTable();
  }

  @Override
  public void close() throws IOException {
    broker.stop();
    try {
      run.get();
    } catch (ExecutionException | InterruptedException e) {
      throw new IOException("the broker failed", e);
    } finally {
      broker.close();
      thread.shutdown();
    }
  }
}
