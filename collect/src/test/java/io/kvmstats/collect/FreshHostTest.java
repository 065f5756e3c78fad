package io.kvmstats.collect;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.discover.Hidden;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is asked one number at a time. */
@Timeout(60)
class FreshHostTest {
  private static final Descriptor EXITS = new Descriptor("exits", 0, 0, 1, 0, 0);
  private static final Schema SCHEMA = new Schema(List.of(EXITS));
  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration SHORT = Duration.ofMillis(1);

  /** Its one VM's exits are how often it was swept. */
  private static final class Swept implements HostView {
    final AtomicInteger sweeps = new AtomicInteger();
    final AtomicInteger looks = new AtomicInteger();
    final ObjectView vm = new ObjectView(-1, 3, "kvm-1", SCHEMA, this::read);
    volatile boolean canLook = true;
    volatile boolean canSweep = true;
    volatile boolean isClosed;

    private Optional<Reading> read() {
      assertThat(isClosed).isFalse();
      MemorySegment data = MemorySegment.ofArray(new long[] {sweeps.get()});
      Sample sample = new Sample(SCHEMA, 0, 1, data, ByteOrder.nativeOrder());
      return Optional.of(new Reading(sample, Optional.empty()));
    }

    @Override
    public void refresh() throws IOException {
      looks.incrementAndGet();
      if (!canLook) {
        throw new IOException("no /proc");
      }
    }

    @Override
    public void sweep(Duration age) throws IOException {
      sweeps.incrementAndGet();
      if (!canSweep) {
        throw new IOException("no broker");
      }
    }

    @Override
    public List<VmmView> vmms() {
      VmIdentity nobody = new VmIdentity(Optional.empty(), Optional.empty());
      return List.of(
          new VmmView(
              new Vmm.Key(1, 1),
              "vmm",
              nobody,
              1,
              List.of(),
              Optional.empty(),
              false,
              Optional.empty(),
              List.of(vm)));
    }

    @Override
    public List<Hidden> hidden() {
      return List.of();
    }

    @Override
    public void close() {
      isClosed = true;
    }
  }

  private static Optional<Long> exits(FreshHost fresh, Swept host) {
    return fresh.sample(host.vm).map(sample -> sample.value(EXITS));
  }

  @Test
  void oneSweepServesAllWhoAskMeanwhile() {
    Swept host = new Swept();
    try (FreshHost fresh = new FreshHost(host, LONG, _ -> {})) {
      fresh.start();
      assertThat(host.sweeps).hasValue(0); // Nobody has asked.
      for (int i = 0; i < 1000; i++) {
        assertThat(exits(fresh, host)).contains(1L);
      }
      assertThat(fresh.isUp()).isTrue();
      assertThat(host.sweeps).hasValue(1);
    }
    assertThat(host.isClosed).isTrue();
  }

  @Test
  void whoAsksLaterHasAnotherSample() {
    Swept host = new Swept();
    try (FreshHost fresh = new FreshHost(host, SHORT, _ -> {})) {
      fresh.start();
      long first = exits(fresh, host).orElseThrow();
      while (exits(fresh, host).orElseThrow() < first + 10) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void whatCanNotBeReadIsAbsentUntilItCanAgain() {
    Swept host = new Swept();
    try (FreshHost fresh = new FreshHost(host, SHORT, _ -> {})) {
      fresh.start();
      host.canSweep = false;
      while (exits(fresh, host).isPresent()) {
        Thread.onSpinWait();
      }
      assertThat(fresh.isUp()).isFalse();
      host.canSweep = true;
      host.canLook = false;
      // Of two looks that begin from here on, the first one is over.
      for (int looks = host.looks.get(); host.looks.get() < looks + 2; ) {
        Thread.onSpinWait();
      }
      assertThat(exits(fresh, host)).isEmpty();
      assertThat(fresh.isUp()).isFalse();
      host.canLook = true;
      while (exits(fresh, host).isEmpty()) {
        Thread.onSpinWait();
      }
      assertThat(fresh.isUp()).isTrue();
    }
  }

  @Test
  void afterItsEndNothingIsRead() {
    Swept host = new Swept();
    FreshHost fresh = new FreshHost(host, LONG, _ -> {});
    fresh.start();
    fresh.close();
    fresh.close();
    assertThat(host.isClosed).isTrue();
    assertThat(exits(fresh, host)).isEmpty();
    assertThat(fresh.isUp()).isFalse();
    assertThat(host.sweeps).hasValue(0);
    Swept unused = new Swept();
    new FreshHost(unused, LONG, _ -> {}).close();
    assertThat(unused.isClosed).isTrue();
    assertThat(unused.looks).hasValue(0);
  }

  /** A look that hangs is not waited for without end, and the host is closed behind it. */
  @Test
  void aHostIsNotClosedInTheMidstOfALook() throws InterruptedException {
    Swept host = new Swept();
    CountDownLatch inTheMidst = new CountDownLatch(2);
    Semaphore goOn = new Semaphore(1);
    FreshHost fresh =
        new FreshHost(
            host,
            SHORT,
            _ -> {
              inTheMidst.countDown();
              goOn.acquireUninterruptibly();
            });
    fresh.start();
    inTheMidst.await();
    fresh.close();
    assertThat(host.isClosed).isFalse();
    assertThat(exits(fresh, host)).isEmpty();
    goOn.release();
    while (!host.isClosed) {
      Thread.onSpinWait();
    }
  }
}
