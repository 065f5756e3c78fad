package io.kvmstats.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.kvmstats.linux.Kvm;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A guest that is kept from running for a known time says so, and for how long. */
class GapMeterTest {
  private static final long PAUSE_NANOS = 50_000_000;
  private static final long STOP_MILLIS = 60;

  private Kvm kvm;
  private GapMeter meter;
  private GuestProcess guest;

  @BeforeEach
  void start() throws IOException {
    GuestTest.assumeKvm();
    kvm = Kvm.open();
    meter = GapMeter.create(kvm);
    guest = GuestProcess.start("gaps", meter).awaitRunning();
  }

  @AfterEach
  void end() throws IOException {
    if (guest != null) {
      guest.close();
      meter.close();
      kvm.close();
    }
  }

  private void signal(String signal) throws Exception {
    String pid = Integer.toString(guest.pid());
    assertThat(new ProcessBuilder("kill", "-" + signal, pid).start().waitFor()).isZero();
  }

  /** Its threads stop a moment after the signal, so for a bit less than between the two. */
  private void stopForAMoment() throws Exception {
    signal("STOP");
    Thread.sleep(STOP_MILLIS);
    signal("CONT");
  }

  @Test
  void aPauseIsAsLongAsItWas() throws Exception {
    meter.begin();
    long begin = System.nanoTime();
    stopForAMoment();
    Gaps gaps = meter.end();
    long all = System.nanoTime() - begin;
    assertThat(gaps.longestNanos()).isBetween(PAUSE_NANOS, all);
    assertThat(gaps.pauses()).hasSize(GapMeter.thresholds().size());
    assertThat(gaps.pauses().getLast()).isPositive();
    for (int i = 1; i < gaps.pauses().size(); i++) {
      assertThat(gaps.pauses().get(i)).isLessThanOrEqualTo(gaps.pauses().get(i - 1));
    }
    assertThat(gaps.readings()).isGreaterThan(gaps.pauses().getFirst());
    assertThat(gaps.medianNanos()).isBetween(1L, TimeUnit.MICROSECONDS.toNanos(100));
  }

  @Test
  void aPauseBeforeIsForgotten() throws Exception {
    meter.begin();
    stopForAMoment();
    long before = meter.end().longestNanos();
    long shortest = before;
    // This machine may keep it from running as well, but hardly each time.
    for (int i = 0; i < 50 && shortest >= before; i++) {
      meter.begin();
      Thread.sleep(1);
      shortest = Math.min(shortest, meter.end().longestNanos());
    }
    assertThat(shortest).isLessThan(before);
  }

  @Test
  void pausesOutsideAreNobodys() throws Exception {
    long shortest = Long.MAX_VALUE;
    for (int i = 0; i < 50 && shortest >= PAUSE_NANOS; i++) {
      stopForAMoment();
      meter.begin();
      shortest = Math.min(shortest, meter.end().longestNanos());
    }
    assertThat(shortest).isLessThan(PAUSE_NANOS);
  }

  @Test
  void readingsAreCountedOverTheTimeThatIsAsked() throws Exception {
    meter.begin();
    Thread.sleep(100);
    long some = meter.end().readings();
    meter.begin();
    Thread.sleep(1000);
    assertThat(meter.end().readings()).isGreaterThan(some);
  }

  @Test
  void aGuestThatHasEndedIsSaidToHave() {
    guest.kill();
    assertThatIOException()
        .isThrownBy(meter::begin)
        .withMessage("the guest that measures its pauses does not run");
  }
}
