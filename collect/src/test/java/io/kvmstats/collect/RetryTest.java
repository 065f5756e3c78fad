package io.kvmstats.collect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When what was refused is tried again. */
class RetryTest {
  private static final long SECOND = 1_000_000_000L;

  /** {@return the seconds of the tries, for one who looks that often} */
  private static List<Long> tries(long start, long interval, long seconds) {
    Retry retry = new Retry(start);
    List<Long> tries = new ArrayList<>();
    for (long time = interval; time <= seconds * SECOND; time += interval) {
      if (retry.isDue(start + time)) {
        tries.add(time / SECOND);
      }
    }
    return tries;
  }

  @Test
  void atTheNextLookThenEverLessOften() {
    assertThat(tries(0, SECOND, 250))
        .containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 64L, 124L, 184L, 244L);
    assertThat(tries(0, SECOND / 10, 8)).containsExactly(0L, 1L, 3L, 7L);
  }

  @Test
  void whoLooksSeldomTriesEachTime() {
    assertThat(tries(0, 90 * SECOND, 400)).containsExactly(90L, 180L, 270L, 360L);
  }

  /** Monotonic time may start anywhere, and wrap. */
  @Test
  void whereTimeStartsDoesNotMatter() {
    assertThat(tries(Long.MAX_VALUE - 3 * SECOND, SECOND, 100)).isEqualTo(tries(0, SECOND, 100));
    assertThat(tries(Long.MIN_VALUE, SECOND, 100)).isEqualTo(tries(0, SECOND, 100));
  }
}
