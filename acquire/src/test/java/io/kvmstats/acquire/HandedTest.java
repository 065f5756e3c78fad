package io.kvmstats.acquire;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Memfd;
import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Two threads: one that must not wait, and one that looks at processes. */
class HandedTest {
  private static final int SELF = (int) ProcessHandle.current().pid();
  private static final Host.Scan NOTHING = new Host.Scan(List.of(), List.of());

  /** However few processors there are. */
  private static final Executor THREADS = task -> Thread.ofPlatform().daemon().start(task);

  private final Handed handed = new Handed();

  private static Fd published() throws IOException {
    Fd fd = Memfd.create("kvm-vm-stats", 4096);
    Memfd.addSeals(
        fd,
        Memfd.F_SEAL_SHRINK | Memfd.F_SEAL_GROW | Memfd.F_SEAL_FUTURE_WRITE | Memfd.F_SEAL_SEAL);
    return fd;
  }

  /** What /proc says of a process can take as long as that process likes. */
  @Test
  void aProcessThatIsSlowToLookAtHoldsUpNobodyWhoHandsIn() throws Exception {
    CountDownLatch looking = new CountDownLatch(1);
    CountDownLatch enough = new CountDownLatch(1);
    Handed.Giver slow = handed.giver(Pidfd.open(SELF));
    Handed.Giver other = handed.giver(Pidfd.open(SELF));
    slow.add(published());
    CompletableFuture<Host.Scan> merged =
        CompletableFuture.supplyAsync(
            () ->
                handed.merge(
                    NOTHING,
                    process -> {
                      looking.countDown();
                      await(enough);
                      return new Host().process(process);
                    }),
            THREADS);
    looking.await();
    try {
      assertThat(CompletableFuture.supplyAsync(() -> changed(slow, other), THREADS))
          .succeedsWithin(20, TimeUnit.SECONDS)
          .isEqualTo(1);
    } finally {
      enough.countDown();
    }
    try (Host.Scan scan = merged.get()) {
      // As it was when the look began.
      assertThat(scan.vmms()).hasSize(1);
      Vmm vmm = scan.vmms().getFirst();
      assertThat(vmm.pid()).isEqualTo(SELF);
      assertThat(vmm.vmStats()).hasSize(1);
      // And taken back since: there is nothing to duplicate.
      assertThat(handed.find(SELF, vmm.vmStats().getFirst())).isEmpty();
    }
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** {@return how many there are} All that a thread may do that must not wait. */
  private static int changed(Handed.Giver gone, Handed.Giver giver) {
    try {
      giver.name("another");
      giver.add(published());
      gone.close();
      return gone.size() + giver.size();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void whatIsTakenBackTwiceIsTakenBackOnce() throws Exception {
    Handed.Giver giver = handed.giver(Pidfd.open(SELF));
    Fd fd = published();
    giver.add(fd);
    giver.close();
    giver.close();
    assertThat(giver.size()).isZero();
    assertThat(fd.toString()).endsWith("(closed)");
    assertThat(handed.merge(NOTHING, new Host()::process).vmms()).isEmpty();
  }
}
