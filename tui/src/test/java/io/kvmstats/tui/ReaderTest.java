package io.kvmstats.tui;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.collect.HostView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.discover.Hidden;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Looking for VMs and reading them, of a host that hangs, fails and recovers. */
@Timeout(60)
class ReaderTest {
  private static final Duration QUICK = Duration.ofMillis(20);
  private static final Duration SLOW = Duration.ofSeconds(25);
  private static final List<VmmView> ONE =
      List.of(MadeUp.Process.of(1, "a", 1, MadeUp.vcpu(1, 1, 1)).at(1).view());

  private final BlockingQueue<Snapshot> snapshots = new LinkedBlockingQueue<>();
  private final BlockingQueue<Throwable> mistakes = new LinkedBlockingQueue<>();

  /** A host of one VM, whose behaviour tests change. */
  private static class Host implements HostView {
    final AtomicInteger closed = new AtomicInteger();
    final BlockingQueue<Duration> intervals = new LinkedBlockingQueue<>();

    @Override
    public void refresh() throws IOException {}

    @Override
    public void sweep(Duration age) throws IOException {}

    @Override
    public void every(Duration interval) {
      intervals.add(interval);
    }

    @Override
    public List<VmmView> vmms() {
      return ONE;
    }

    @Override
    public List<Hidden> hidden() {
      return List.of(MadeUp.HIDDEN);
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  private Snapshot next() throws InterruptedException {
    Snapshot snapshot = snapshots.poll(20, TimeUnit.SECONDS);
    assertThat(snapshot).as("no sweep for 20 s").isNotNull();
    return snapshot;
  }

  @Test
  void findsVmsAndReadsThemUntilItIsClosed() throws Exception {
    Host host = new Host();
    try (Reader reader = new Reader(host, QUICK, snapshots::add, mistakes::add)) {
      reader.start();
      Snapshot found = next();
      while (found.vmms().isEmpty()) {
        found = next();
      }
      assertThat(found.hidden()).containsExactly(MadeUp.HIDDEN);
      assertThat(found.trouble()).isEmpty();
      Snapshot later = next();
      assertThat(later.nanos()).isGreaterThan(found.nanos());
    }
    assertThat(host.closed).hasValue(1);
    int size = snapshots.size();
    Thread.sleep(10 * QUICK.toMillis());
    assertThat(snapshots).hasSize(size);
  }

  @Test
  void aLookThatHangsStopsNoSweepAndNoEnd() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    Host host =
        new Host() {
          private int looks;

          @Override
          public void refresh() throws IOException {
            try {
              if (looks++ > 0) {
                end.await();
              }
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          }
        };
    try (Reader reader = new Reader(host, QUICK, snapshots::add, mistakes::add)) {
      reader.start();
      // The second look comes after three seconds.
      long over = System.nanoTime() + Duration.ofMillis(3500).toNanos();
      while (System.nanoTime() < over) {
        next();
      }
      assertThat(next().vmms()).hasSize(1);
      assertThat(next().trouble()).isEmpty();
    }
    // Who hangs in it may be using it.
    assertThat(host.closed).hasValue(0);
    end.countDown();
  }

  @Test
  void aMistakeOfOursIsNotPassedOver() throws Exception {
    IllegalStateException mistake = new IllegalStateException("made up");
    Host host =
        new Host() {
          @Override
          public void sweep(Duration age) {
            throw mistake;
          }
        };
    try (Reader reader = new Reader(host, QUICK, snapshots::add, mistakes::add)) {
      reader.start();
      assertThat(mistakes.poll(20, TimeUnit.SECONDS)).isSameAs(mistake);
    }
  }

  @Test
  void aSweepThatFailsIsSaidAndTheLastNumbersStay() throws Exception {
    AtomicInteger sweeps = new AtomicInteger();
    Host host =
        new Host() {
          @Override
          public void sweep(Duration age) throws IOException {
            int sweep = sweeps.incrementAndGet();
            if (sweep > 10 && sweep <= 15) {
              throw new IOException("the broker has gone");
            }
          }
        };
    try (Reader reader = new Reader(host, QUICK, snapshots::add, mistakes::add)) {
      reader.start();
      Snapshot good = next();
      Snapshot bad = next();
      while (bad.trouble().isEmpty()) {
        good = bad;
        bad = next();
      }
      assertThat(bad).isEqualTo(good.with("the broker has gone"));
      assertThat(bad.vmms()).hasSize(1);
      Snapshot again = next();
      while (!again.trouble().isEmpty()) {
        again = next();
      }
      assertThat(again.nanos()).isGreaterThan(bad.nanos());
    }
  }

  @Test
  void aLookThatFailsIsSaidAndTheVmsAreReadOn() throws Exception {
    Host host =
        new Host() {
          private int looks;

          @Override
          public void refresh() throws IOException {
            if (looks++ == 1) {
              throw new IOException("no /proc");
            }
          }
        };
    try (Reader reader = new Reader(host, QUICK, snapshots::add, mistakes::add)) {
      reader.start();
      Snapshot bad = next();
      while (bad.trouble().isEmpty()) {
        bad = next();
      }
      assertThat(bad.trouble()).isEqualTo("no /proc");
      Snapshot read = next();
      assertThat(read.vmms()).hasSize(1);
      assertThat(read.nanos()).isGreaterThan(bad.nanos());
      while (!read.trouble().isEmpty()) {
        read = next();
      }
    }
  }

  @Test
  void anotherIntervalCountsAtOnce() throws Exception {
    Host host = new Host();
    try (Reader reader = new Reader(host, SLOW, snapshots::add, mistakes::add)) {
      reader.start();
      while (next().vmms().isEmpty()) {
        // The first sweep may come before the first look.
      }
      next(); // Soon after the first, for rates.
      assertThat(snapshots.poll(1, TimeUnit.SECONDS)).isNull();
      reader.every(QUICK);
      long start = System.nanoTime();
      for (int i = 0; i < 10; i++) {
        next();
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
      reader.every(QUICK); // The same: nobody is told.
      assertThat(host.intervals).containsExactly(QUICK);
      reader.every(SLOW);
      snapshots.poll(1, TimeUnit.SECONDS);
      snapshots.clear();
      assertThat(snapshots.poll(1, TimeUnit.SECONDS)).isNull();
    }
  }
}
