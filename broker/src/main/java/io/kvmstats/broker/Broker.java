package io.kvmstats.broker;

import io.kvmstats.acquire.Handed;
import io.kvmstats.collect.Collector;
import io.kvmstats.collect.Slot;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.Errno;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.OpenFiles;
import io.kvmstats.linux.PacketSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reads all VMs of this host into a table, and shares it with whoever may connect.
 *
 * <p>One thread sweeps and serves, another looks for VMs: neither a slow VM nor a slow client holds
 * up the sweep.
 */
public final class Broker implements AutoCloseable {
  /** A request to stop is seen by then. */
  private static final long STOP_NANOS = 200_000_000L;

  /** What is handed in takes two descriptors each: a quarter of all there may be is for that. */
  private static final int HANDED_SHARE = 8;

  /** An acquisition that hangs is left to the process's end. */
  private static final Duration FINDER_MAX = Duration.ofSeconds(5);

  private final Path path;
  private final long interval;
  private final long limit;
  private final Consumer<String> log;

  /** What is swept into; the finder's. */
  private SharedTable listed;

  /** What clients get; the sweeping thread's. */
  private SharedTable table;

  /** Passes a table that is to be served from the finder to the sweeping thread. */
  private final SynchronousQueue<SharedTable> handover = new SynchronousQueue<>();

  /** Whether the table is to be replaced: then the finder does not wait. */
  private final Semaphore replacements = new Semaphore(0);

  private final Handed handed = new Handed();
  private final Collector collector;
  private final Server server;
  private final Thread finder = new Thread(this::find, "finder");
  private byte[] directory = {};

  /** The time from one sweep to the next, by now. */
  private volatile long pace;

  private volatile boolean stopping;
  private volatile @Nullable Throwable failure;

  /**
   * Makes a broker that listens, and does not yet read.
   *
   * @param path where to listen; a socket that nobody listens at any more is replaced
   * @param permissions who may connect: those who may write to the socket
   * @param interval the time from one sweep to the next
   * @param limit the shortest that a client can have it made
   * @param attach as {@link Collector#privileged} has it
   * @param log takes a sentence for whoever runs it
   * @throws IOException when another broker listens there, or nobody can
   */
  public Broker(
      Path path,
      Set<PosixFilePermission> permissions,
      Duration interval,
      Duration limit,
      boolean attach,
      Consumer<String> log)
      throws IOException {
    this.path = path;
    this.interval = interval.toNanos();
    this.limit = limit.toNanos();
    this.pace = this.interval;
    this.log = log;
    this.table = new SharedTable(limit, 0);
    this.listed = table;
    try {
      this.server =
          new Server(
              listen(path, permissions),
              table.fd(),
              handed,
              OpenFiles.raise() / HANDED_SHARE,
              System.nanoTime());
    } catch (IOException e) {
      table.close();
      throw e;
    }
    this.collector = Collector.privileged(attach, handed, table.slots(), this::sayBug);
  }

  private void sayBug(Vmm vmm, RuntimeException bug) {
    String where = Arrays.stream(bug.getStackTrace()).findFirst().map(at -> " at " + at).orElse("");
    log.accept("process " + vmm.pid() + " is left out, by a mistake in kvmstats: " + bug + where);
  }

  private static PacketSocket listen(Path path, Set<PosixFilePermission> permissions)
      throws IOException {
    try {
      return PacketSocket.listen(path, permissions);
    } catch (LinuxException e) {
      if (e.errno() != Errno.EADDRINUSE || !isLeftBehind(path)) {
        throw e;
      }
      Files.delete(path);
      return PacketSocket.listen(path, permissions);
    }
  }

  /** {@return whether it is a socket, and nobody listens there any more} */
  private static boolean isLeftBehind(Path path) throws IOException {
    try {
      PacketSocket.connect(path).close();
      throw new IOException("another broker listens at " + path);
    } catch (LinuxException e) {
      return e.errno() == Errno.ECONNREFUSED
          && Files.readAttributes(path, BasicFileAttributes.class).isOther();
    }
  }

  /**
   * Sweeps and serves until {@link #stop}.
   *
   * @throws IOException when it can do so no more
   */
  public void run() throws IOException {
    finder.setUncaughtExceptionHandler((thread, e) -> {
      failure = e;
      stop();
    });
    finder.start();
    long next = System.nanoTime();
    while (!stopping) {
      SharedTable other = handover.poll();
      if (other != null) {
        exchange(other);
      }
      long time = System.nanoTime();
      if (time - next >= 0) {
        collector.sweep();
        table.swept(time, pace);
        next = Math.max(next + pace, time);
      }
      server.serve(time, Math.min(next - System.nanoTime(), STOP_NANOS));
      long wish = server.wish();
      long before = pace;
      pace = wish == 0 ? interval : Math.clamp(wish, limit, interval);
      next = Math.min(next, next - before + pace); // A shorter one holds at once.
    }
    if (failure != null) {
      throw new IllegalStateException("VMs are no longer looked for", failure);
    }
  }

  /** Withdraws the table from all who have it: they find the old one marked, and not written. */
  private void exchange(SharedTable other) {
    SharedTable old = table;
    table = other;
    // Who comes now finds samples.
    long time = System.nanoTime();
    collector.sweep();
    table.swept(time, pace);
    server.serveOther(table.fd());
    old.replaced(); // Before they are cut off: it says whether there is something to come back to.
    server.cutOff();
    old.close();
    log.accept("the table is another one: all clients were cut off, and may connect again");
  }

  /**
   * Has the table replaced by another one soon, and everyone cut off: who may still connect gets
   * the other one. From any thread.
   */
  public void replaceTable() {
    replacements.release();
  }

  /** Has {@link #run} end soon. From any thread. */
  public void stop() {
    stopping = true;
  }

  /** Looks for VMs, again and again. */
  private void find() {
    while (!stopping) {
      long began = System.nanoTime();
      look();
      long took = System.nanoTime() - began;
      try {
        // Half the time of a core at most, however many processes there are; and no more often for
        // a client's wish, which is about numbers.
        if (replacements.tryAcquire(Math.max(interval - took, took), TimeUnit.NANOSECONDS)) {
          replacements.drainPermits();
          replace();
        }
      } catch (InterruptedException e) {
        return; // By close.
      }
    }
  }

  private void look() {
    try {
      collector.refresh();
      Directory current = encode();
      byte[] bytes = current.bytes();
      if (!Arrays.equals(bytes, directory)) {
        directory = bytes;
        server.changed(listed.write(bytes));
      }
      current.refused().forEach(handed::refuse);
    } catch (IOException e) {
      log.accept("VMs can't be looked for: " + e.getMessage());
    }
  }

  private Directory encode() {
    ToLongFunction<Slot> offset =
        slot -> TableLayout.HEADER_BYTES + TableLayout.DIRECTORY_ROOM + listed.slots().offset(slot);
    int room = Math.toIntExact(TableLayout.DIRECTORY_ROOM);
    return Directory.encode(
        collector.collected(), collector.hidden(), room, offset, collector::leaveOut);
  }

  private void replace() throws InterruptedException {
    try {
      SharedTable other = new SharedTable(Duration.ofNanos(limit), listed.generation());
      try {
        collector.moveTo(other.slots());
      } catch (IOException e) {
        other.close();
        throw e;
      }
      listed = other;
      directory = encode().bytes();
      listed.write(directory);
    } catch (IOException e) {
      log.accept("the table can't be replaced, and nobody was cut off: " + e.getMessage());
      return;
    }
    handover.put(listed);
  }

  @Override
  public void close() throws IOException {
    stop();
    Files.deleteIfExists(path);
    server.close();
    finder.interrupt();
    try {
      if (!finder.isAlive() || finder.join(FINDER_MAX)) {
        collector.close();
        table.close();
        listed.close(); // Another one, where the finder was about to replace it.
      }
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }
}
