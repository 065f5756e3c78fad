package io.kvmstats.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How much of answers is kept in memory for who takes them slowly. */
class InFlightTest {
  private static final byte[] SMALL = new byte[10];
  private static final byte[] OTHER = new byte[10];
  private static final byte[] LARGE = new byte[1000];

  private final InFlight inFlight = new InFlight(25);

  @Test
  void whatManyTakeCountsOnceAndUntilTheLastHasIt() {
    for (int i = 0; i < 100; i++) {
      assertThat(inFlight.begin(SMALL)).isTrue();
    }
    assertThat(inFlight.begin(OTHER)).isTrue();
    assertThat(inFlight.begin(new byte[10])).isFalse();
    for (int i = 0; i < 99; i++) {
      inFlight.end(SMALL);
    }
    assertThat(inFlight.begin(new byte[10])).isFalse();
    inFlight.end(SMALL);
    assertThat(inFlight.begin(new byte[10])).isTrue();
  }

  @Test
  void oneAloneIsNeverTooLarge() {
    assertThat(inFlight.begin(LARGE)).isTrue();
    assertThat(inFlight.begin(SMALL)).isFalse();
    inFlight.count(SMALL);
    inFlight.end(SMALL);
    inFlight.end(LARGE);
    assertThat(inFlight.begin(SMALL)).isTrue();
    assertThat(inFlight.begin(LARGE)).isFalse();
  }
}
