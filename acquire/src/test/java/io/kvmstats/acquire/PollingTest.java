package io.kvmstats.acquire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.linux.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.net.SocketTimeoutException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Polling, of what a test makes up. */
class PollingTest {
  private static final int VALUES = 138; // As many as x86's vCPUs have, Linux 6.12.
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment into = arena.allocate(VALUES * Long.BYTES, Long.BYTES);
  private final List<StatsObject> objects = new ArrayList<>();

  /** Every value of a poll is its number. */
  private static class Numbers implements Polled {
    final AtomicInteger polls = new AtomicInteger();
    final CountDownLatch closed = new CountDownLatch(1);

    @Override
    public List<Long> poll(List<MemorySegment> blocks) throws IOException {
      int number = polls.incrementAndGet();
      List<Long> valid = new ArrayList<>();
      for (MemorySegment block : blocks) {
        for (long at = 0; at < block.byteSize(); at += Long.BYTES) {
          block.set(ValueLayout.JAVA_LONG_UNALIGNED, at, number);
        }
        valid.add(block.byteSize());
      }
      return valid;
    }

    @Override
    public boolean isStill() {
      return closed.getCount() > 0;
    }

    @Override
    public void close() {
      closed.countDown();
    }
  }

  @AfterEach
  void close() {
    objects.forEach(StatsObject::close);
    arena.close();
  }

  private StatsBytes start(Polled polled, int vcpus) throws IOException {
    List<Descriptor> descriptors = new ArrayList<>();
    for (int i = 0; i < VALUES; i++) {
      descriptors.add(new Descriptor("s" + i, 0, 0, 1, (long) i * Long.BYTES, 0));
    }
    List<KvmFd> fds = new ArrayList<>();
    for (int vcpu = KvmFd.NO_VCPU; vcpu < vcpus; vcpu++) {
      fds.add(new KvmFd(KvmFd.Kind.VM, 5, vcpu));
    }
    StatsFile file = new StatsFile("made up", new Schema(descriptors), 0);
    objects.addAll(Polling.start(polled, Source.QMP, fds, Collections.nCopies(fds.size(), file)));
    return objects.getFirst().bytes();
  }

  private long first() {
    return into.get(ValueLayout.JAVA_LONG, 0);
  }

  /** Sweeps until there is something newer. */
  private long next(StatsBytes bytes) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    long before = bytes.beforeNanos(0);
    long n = bytes.tryPread(into, 0);
    while (bytes.beforeNanos(0) == before) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(1);
      n = bytes.tryPread(into, 0);
    }
    return n;
  }

  @Test
  void aPollIsCopiedWithItsOwnTimes() throws Exception {
    long start = System.nanoTime();
    Numbers numbers = new Numbers();
    StatsBytes bytes = start(numbers, 0);
    long end = System.nanoTime();
    assertThat(bytes.tryPread(into, 0)).isEqualTo(into.byteSize());
    assertThat(first()).isEqualTo(1);
    assertThat(bytes.beforeNanos(0)).isBetween(start, end);
    assertThat(bytes.afterNanos(0)).isBetween(bytes.beforeNanos(0), end);
    into.fill((byte) 7);
    long before = bytes.beforeNanos(0);
    long after = bytes.afterNanos(0);
    assertThat(bytes.tryPread(into, 0)).isEqualTo(into.byteSize());
    assertThat(first()).as("the same, over no time").isEqualTo(1);
    assertThat(List.of(bytes.beforeNanos(0), bytes.afterNanos(0))).containsExactly(before, after);
    assertThat(next(bytes)).isEqualTo(into.byteSize());
    assertThat(first()).isGreaterThan(1);
    assertThat(bytes.beforeNanos(0)).isGreaterThan(end);
  }

  /** A VM whose numbers nobody wants is left alone. */
  @Test
  void thereIsAPollForEachSweepAndNoMore() throws Exception {
    Numbers numbers = new Numbers();
    StatsBytes bytes = start(numbers, 2);
    List<Long> ages = new ArrayList<>();
    int sweeps = 0;
    long interval = Duration.ofMillis(60).toNanos();
    for (long due = System.nanoTime(); sweeps < 30; due += interval, sweeps++) {
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        Thread.sleep(Duration.ofNanos(left));
      }
      for (StatsObject object : objects) {
        long before = object.bytes().beforeNanos(0);
        object.bytes().tryPread(into, 0);
        if (object.vcpu() == 1 && object.bytes().beforeNanos(0) != before) {
          ages.add(System.nanoTime() - object.bytes().afterNanos(0));
        }
      }
    }
    assertThat(ages).hasSizeGreaterThan(sweeps / 2);
    ages.sort(null);
    assertThat(ages.get(ages.size() / 2)).as("median age").isLessThan(interval / 2);
    Thread.sleep(200);
    int polls = numbers.polls.get();
    assertThat(polls).isLessThanOrEqualTo(sweeps + 2);
    Thread.sleep(200);
    assertThat(numbers.polls.get()).isEqualTo(polls);
  }

  @Test
  void whatIsAskedForAnewIsFromAfterIt() throws Exception {
    StatsBytes bytes = start(new Numbers(), 2);
    for (int i = 0; i < 20; i++) {
      long asked = System.nanoTime();
      objects.forEach(object -> object.bytes().askAnew());
      for (StatsObject object : objects) {
        object.bytes().awaitAnew(asked + PATIENCE.toNanos());
      }
      assertThat(bytes.tryPread(into, 0)).isEqualTo(into.byteSize());
      assertThat(bytes.beforeNanos(0)).isGreaterThanOrEqualTo(asked);
    }
  }

  @Test
  void aCopyIsNeverTornAndAllocatesNothing() throws Exception {
    StatsBytes bytes = start(new Numbers(), 0);
    for (int i = 0; i < 20_000; i++) { // To be compiled.
      bytes.tryPread(into, 0);
    }
    long most = 0;
    for (int i = 0; i < 2_000; i++) {
      if (next(bytes) > 0) {
        long number = first();
        for (int value = 0; value < VALUES; value++) {
          assertThat(into.getAtIndex(ValueLayout.JAVA_LONG, value)).isEqualTo(number);
        }
        assertThat(number).isGreaterThan(most);
        most = number;
      }
    }
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int sweeps = 20_000;
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < sweeps; i++) {
      bytes.tryPread(into, 0);
    }
    assertThat((threads.getCurrentThreadAllocatedBytes() - before) / sweeps).isZero();
  }

  @Test
  void aPollThatFailsLeavesNothing() throws Exception {
    List<IOException> failures =
        List.of(
            new SocketTimeoutException("late"),
            new IOException("broken"),
            new NoSuchFileException("gone"));
    StatsBytes bytes =
        start(
            new Numbers() {
              @Override
              public List<Long> poll(List<MemorySegment> blocks) throws IOException {
                List<Long> valid = super.poll(blocks);
                int failure = polls.get() - 2;
                if (failure >= 0 && failure < failures.size()) {
                  throw failures.get(failure);
                }
                return valid;
              }
            },
            0);
    assertThat(next(bytes)).isPositive();
    assertThat(next(bytes)).isEqualTo(-Errno.ETIMEDOUT);
    assertThat(next(bytes)).isEqualTo(-Errno.EIO);
    assertThat(next(bytes)).isEqualTo(-Errno.ENOENT);
    assertThat(next(bytes)).isPositive();
    assertThat(first()).isEqualTo(5);
  }

  @Test
  void whatIsBehindTheEndOfAPollIsAbsent() throws Exception {
    StatsBytes bytes =
        start(
            new Numbers() {
              @Override
              public List<Long> poll(List<MemorySegment> blocks) throws IOException {
                super.poll(blocks);
                return List.of(24L);
              }
            },
            0);
    assertThat(bytes.tryPread(into, 0)).isEqualTo(24);
    assertThat(bytes.read(16, into)).isEqualTo(8);
    assertThat(bytes.read(24, into)).isZero();
    assertThat(bytes.read(400, into)).isZero();
  }

  @Test
  void aPollThatHangsIsGivenUpAndNobodyWaitsForIt() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    StatsBytes bytes =
        start(
            new Numbers() {
              @Override
              public List<Long> poll(List<MemorySegment> blocks) throws IOException {
                List<Long> valid = super.poll(blocks);
                if (polls.get() > 1) {
                  try {
                    over.await();
                  } catch (InterruptedException e) {
                    throw new IOException(e);
                  }
                }
                return valid;
              }
            },
            0);
    assertThat(next(bytes)).isPositive();
    long start = System.nanoTime();
    bytes.askAnew();
    bytes.awaitAnew(start + Duration.ofMillis(100).toNanos());
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(100), Duration.ofSeconds(2));
    assertThat(next(bytes)).isEqualTo(-Errno.ETIMEDOUT);
    assertThat(bytes.beforeNanos(42)).isEqualTo(42);
    over.countDown();
    long n = next(bytes);
    while (n == -Errno.ETIMEDOUT) {
      n = next(bytes);
    }
    assertThat(n).isPositive();
  }

  @Test
  void whatFailsAtOnceIsNoSourceAndClosed() {
    Numbers broken =
        new Numbers() {
          @Override
          public List<Long> poll(List<MemorySegment> blocks) throws IOException {
            throw new IOException("from the start");
          }
        };
    assertThatThrownBy(() -> start(broken, 0)).hasMessage("from the start");
    assertThat(broken.closed.getCount()).isZero();
  }

  @Test
  void itIsClosedWithTheLastOfItsObjects() throws Exception {
    Numbers numbers = new Numbers();
    start(numbers, 2);
    assertThat(objects).hasSize(3);
    objects.get(0).close();
    objects.get(0).close();
    objects.get(1).close();
    assertThat(objects.get(2).bytes().isHeldBy(1, 1)).isTrue();
    objects.get(2).close();
    assertThat(numbers.closed.getCount()).isZero();
    assertThat(objects.get(2).bytes().isHeldBy(1, 1)).isFalse();
  }
}
