package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.collect.HostView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.discover.Hidden;
import io.kvmstats.openmetrics.Detail;
import io.kvmstats.openmetrics.Selection;
import io.kvmstats.web.Answer;
import io.kvmstats.web.Request;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is read for those who ask, and how often. */
@Timeout(60) // One waits until something can be read again.
class ServedHostTest {
  private static final Duration LONG = Duration.ofHours(1);

  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private final Log log =
      new Log(new PrintStream(written, true, StandardCharsets.UTF_8), InstantSource.system());
  private final Host host = new Host();

  /** Has no VMs, and fails when it is told to. */
  private static final class Host implements HostView {
    private final AtomicInteger sweeps = new AtomicInteger();
    private volatile boolean fails;
    private volatile boolean isClosed;
    private volatile boolean hasBug;
    private final CountDownLatch entered = new CountDownLatch(1);
    private volatile CountDownLatch held = new CountDownLatch(0);

    @Override
    public void refresh() throws IOException {
      if (hasBug) {
        throw new IllegalStateException("a bug");
      }
      fail();
    }

    @Override
    public void sweep(Duration age) throws IOException {
      sweeps.incrementAndGet();
      entered.countDown();
      try {
        held.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      fail();
    }

    private void fail() throws IOException {
      if (fails) {
        throw new IOException("the broker has ended");
      }
    }

    @Override
    public List<VmmView> vmms() {
      return List.of();
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

  private ServedHost serve(Duration interval) {
    ServedHost served = new ServedHost(host, interval, "1", log);
    served.start();
    return served;
  }

  private static String unpacked(Answer answer) throws IOException {
    byte[] bytes = new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes();
    assertThat(answer.unpackedBytes()).isEqualTo(bytes.length);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static Request asks(String accept) {
    return new Request("", accept);
  }

  @Test
  void manyScrapersCostOneSweepAndOneDocument() throws Exception {
    try (ServedHost served = serve(LONG);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      MetricsPage page = new MetricsPage(served, new Selection(Detail.VCPU, List.of(), List.of()));
      List<Callable<Answer>> all = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        all.add(() -> page.answer(asks("text/plain")));
      }
      Answer first = page.answer(asks("text/plain"));
      for (Future<Answer> answer : threads.invokeAll(all)) {
        assertThat(answer.get()).isSameAs(first);
      }
      Answer other = page.answer(asks("application/openmetrics-text"));
      assertThat(unpacked(other)).endsWith("# EOF\n");
      assertThat(host.sweeps).hasValue(1);
      Answer some = page.answer(new Request("name[]=kvm_up", ""));
      assertThat(unpacked(some).lines())
          .filteredOn(line -> !line.startsWith("#"))
          .containsExactly("kvm_up 1");
    }
    assertThat(host.isClosed).isTrue();
  }

  @Test
  void whatCantBeReadIsSaidOnceAndKeepsNobodyWaiting() {
    host.fails = true;
    try (ServedHost served = serve(LONG)) {
      for (int i = 0; i < 100; i++) {
        assertThat(served.sweep().health().up()).isFalse();
      }
      assertThat(host.sweeps).as("there is nobody to wait for").hasValue(0);
    }
    assertThat(written.toString(StandardCharsets.UTF_8).lines())
        .singleElement()
        .asString()
        .endsWith("level=warn msg=\"the broker has ended\"");
  }

  /** However long it takes to fail, and whatever the interval: who waits meanwhile has waited. */
  @Test
  void whoComesDuringAFailureWaitsForThatOneAlone() throws Exception {
    host.held = new CountDownLatch(1);
    try (ServedHost served = serve(Duration.ofNanos(1));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      host.fails = true;
      List<Future<ServedHost.Sweep>> all = new ArrayList<>();
      CountDownLatch started = new CountDownLatch(20);
      for (int i = 0; i < 20; i++) {
        all.add(
            threads.submit(() -> {
              started.countDown();
              return served.sweep();
            }));
      }
      started.await();
      host.entered.await();
      boolean isReady = served.isReady();
      host.held.countDown();
      assertThat(isReady).as("without waiting").isFalse();
      for (Future<ServedHost.Sweep> one : all) {
        assertThat(one.get().health().up()).isFalse();
      }
      assertThat(host.sweeps).hasValue(1);
      host.fails = false;
      while (!served.sweep().health().up()) { // What has failed is taken to fail for a moment.
        Thread.sleep(50);
      }
      assertThat(written.toString(StandardCharsets.UTF_8)).contains("VMs can be read again");
    }
  }

  @Test
  void aMistakeOfOursIsNoEnd() {
    host.hasBug = true;
    try (ServedHost served = serve(Duration.ofMillis(1))) {
      assertThat(served.sweep().health().up()).isFalse();
    }
    assertThat(written.toString(StandardCharsets.UTF_8))
        .contains("a mistake of ours")
        .contains("a bug");
  }
}
