package io.kvmstats.acquire;

import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.linux.Errno;
import io.kvmstats.linux.LinuxException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Polls the objects of a VM on a thread of its own, so that a sweep has only to copy what is there.
 *
 * <p>There is one poll for each sweep, shortly before the next one is expected: as long after the
 * last as that was after the one before. So a VM is not disturbed more often than its numbers are
 * wanted, and they are fresh when they are. A sweep that comes sooner than expected finds the poll
 * that the one before it found, and has the next one made at once.
 *
 * <p>A sample's times are the poll's, never the sweep's. So a rate is over the time that passed
 * from one poll to the next, and two sweeps of one poll have a delta of 0 over no time: no rate,
 * and nothing is counted twice.
 */
public final class Polling {
  /** The second sweep's time can't be known. */
  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /**
   * How long before the next sweep it is polled at most: a sweep that comes early by less finds it
   * done.
   */
  private static final long LEAD_MAX_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /**
   * After so long a poll has failed, whatever becomes of it: those who poll sockets give up sooner,
   * and a file may be read for ever.
   */
  private static final long STUCK_NANOS = TimeUnit.SECONDS.toNanos(3);

  private static final long IDLE = Long.MIN_VALUE;

  private final Polled polled;
  private final List<StatsFile> files;
  private final AtomicInteger open;
  private final Thread thread;
  private final Object news = new Object();

  private volatile Result latest;
  private volatile boolean wanted;
  private volatile long due;
  private volatile long startedNanos = IDLE;
  private volatile boolean closed;

  /** Of the thread that sweeps, as is the next one. */
  private long sweptNanos = IDLE;

  private long askedNanos = System.nanoTime();

  /** What a poll found; never changed after. */
  private static final class Result {
    final long beforeNanos;
    final long afterNanos;
    final List<MemorySegment> blocks;

    /** How much of an object's block was filled; {@code -errno} of a poll that failed. */
    final long[] valid;

    Result(long beforeNanos, long afterNanos, List<MemorySegment> blocks, long[] valid) {
      this.beforeNanos = beforeNanos;
      this.afterNanos = afterNanos;
      this.blocks = blocks;
      this.valid = valid;
    }
  }

  private Polling(Polled polled, List<StatsFile> files, String name) throws IOException {
    this.polled = polled;
    this.files = files;
    this.open = new AtomicInteger(files.size());
    this.latest = poll(); // A first value at once: what fails now is no source.
    this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
  }

  /**
   * Polls once, and then as often as the result is read.
   *
   * @param polled is closed when all objects are, or if this fails
   * @param source how they are got
   * @param held of each object, the VM's or vCPU's descriptor in the VMM
   * @param files of each object, its id and its schema; there is nothing in the file but the data,
   *     from 0 on
   * @return the objects, in that order
   * @throws IOException when the first poll fails
   */
  public static List<StatsObject> start(
      Polled polled, Source source, List<KvmFd> held, List<StatsFile> files) throws IOException {
    Polling polling;
    try {
      polling = new Polling(polled, List.copyOf(files), "poll-" + source.label());
    } catch (IOException | RuntimeException e) {
      polled.close();
      throw e;
    }
    List<StatsObject> objects = new ArrayList<>();
    for (int i = 0; i < held.size(); i++) {
      objects.add(new StatsObject(held.get(i), files.get(i), polling.new Bytes(i), source));
    }
    polling.thread.start();
    return objects;
  }

  private Result poll() throws IOException {
    List<MemorySegment> blocks = new ArrayList<>();
    for (StatsFile file : files) {
      long values = file.schema().dataBytes() / Long.BYTES;
      blocks.add(MemorySegment.ofArray(new long[Math.toIntExact(values)]));
    }
    long before = System.nanoTime();
    List<Long> valid = polled.poll(blocks);
    return new Result(
        before,
        System.nanoTime(),
        blocks,
        valid.stream().mapToLong(bytes -> Math.clamp(bytes, 0, Long.MAX_VALUE)).toArray());
  }

  private void run() {
    while (!closed) {
      if (!wanted) {
        LockSupport.park(this);
        continue;
      }
      long wait = due - System.nanoTime();
      if (wait > 0) {
        LockSupport.parkNanos(this, wait);
      } else {
        wanted = false;
        pollAndPublish();
      }
    }
  }

  private void pollAndPublish() {
    long before = System.nanoTime();
    Result result =
        failure(before, Errno.EIO); // If it fails by a mistake of ours, which is thrown.
    startedNanos = before;
    try {
      result = poll();
    } catch (IOException e) {
      result = failure(before, errno(e));
    } finally {
      startedNanos = IDLE;
      publish(result);
    }
  }

  private Result failure(long before, int errno) {
    long[] valid = new long[files.size()];
    Arrays.fill(valid, -errno);
    return new Result(before, System.nanoTime(), List.of(), valid);
  }

  private static int errno(IOException e) {
    return switch (e) {
      case LinuxException linux -> linux.errno();
      case InterruptedIOException late -> Errno.ETIMEDOUT; // SocketTimeoutException is one.
      case AccessDeniedException denied -> Errno.EACCES;
      case NoSuchFileException gone -> Errno.ENOENT;
      default -> Errno.EIO;
    };
  }

  private void publish(Result result) {
    synchronized (news) {
      latest = result;
      news.notifyAll();
    }
  }

  private void pollAt(long nanoTime) {
    due = nanoTime;
    wanted = true;
    LockSupport.unpark(thread);
  }

  /** Orders the poll for the next sweep: called once in each. */
  private void swept(Result found, boolean isNew) {
    long now = System.nanoTime();
    long sinceLast = now - sweptNanos;
    if (!isNew) {
      if (startedNanos == IDLE) {
        pollAt(now);
      }
    } else if (sweptNanos == IDLE) {
      pollAt(now + FIRST_PAUSE_NANOS);
    } else {
      long lead = Math.min(sinceLast / 4, LEAD_MAX_NANOS);
      long asLong = 2 * (found.afterNanos - found.beforeNanos);
      pollAt(now + sinceLast - Math.clamp(asLong, lead, sinceLast / 2));
    }
    sweptNanos = now;
  }

  private boolean isStuck() {
    long started = startedNanos;
    return started != IDLE && System.nanoTime() - started > STUCK_NANOS;
  }

  private void closeOne() {
    if (open.decrementAndGet() == 0) {
      closed = true;
      polled.close();
      LockSupport.unpark(thread);
    }
  }

  /** One object's data, as the last poll had it. */
  private final class Bytes implements StatsBytes {
    private final int index;
    private @Nullable Result taken;
    private boolean isLate;
    private boolean isClosed;

    Bytes(int index) {
      this.index = index;
    }

    @Override
    public long tryPread(MemorySegment into, long offset) {
      Result now = latest;
      boolean isNew = now != taken;
      taken = now;
      if (index == 0) {
        swept(now, isNew);
      }
      isLate = !isNew && isStuck();
      return isLate ? -Errno.ETIMEDOUT : copy(now, offset, into);
    }

    private long copy(Result result, long offset, MemorySegment into) {
      long valid = result.valid[index];
      if (valid < 0) {
        return valid;
      }
      MemorySegment block = result.blocks.get(index);
      long end = Math.min(valid, block.byteSize());
      long bytes = Math.clamp(end - offset, 0, into.byteSize());
      MemorySegment.copy(block, Math.min(offset, end), into, 0, bytes);
      return bytes;
    }

    @Override
    public long beforeNanos(long called) {
      Result result = taken;
      return result == null || isLate ? called : result.beforeNanos;
    }

    @Override
    public long afterNanos(long returned) {
      Result result = taken;
      return result == null || isLate ? returned : result.afterNanos;
    }

    @Override
    public void askAnew() {
      if (index == 0) { // Of objects that are polled together, one asks for all.
        askedNanos = System.nanoTime();
        pollAt(askedNanos);
      }
    }

    @Override
    public void awaitAnew(long untilNanos) throws InterruptedException {
      synchronized (news) {
        while (latest.beforeNanos - askedNanos < 0) {
          long left = untilNanos - System.nanoTime();
          if (left <= 0) {
            return;
          }
          TimeUnit.NANOSECONDS.timedWait(news, left);
        }
      }
    }

    @Override
    public long read(long offset, MemorySegment into) throws IOException {
      Result result = latest;
      if (result.valid[index] < 0) {
        int errno = Math.toIntExact(-result.valid[index]);
        throw new IOException("the last poll failed: " + Errno.text(errno));
      }
      return copy(result, offset, into);
    }

    @Override
    public boolean isHeldBy(int pid, int number) {
      return polled.isStill();
    }

    @Override
    public void close() {
      if (!isClosed) {
        isClosed = true;
        closeOne();
      }
    }
  }
}
