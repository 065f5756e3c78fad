package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a watcher prints. */
class WatcherTest {

  /** All in ms; the interval is 1,000. A missed time is left out, and not caught up with. */
  @ParameterizedTest
  @CsvSource({
    "0, 0, 1000",
    "0, 999, 1000",
    "5000, 5003, 6000",
    "1000, 1999, 2000",
    "1000, 2000, 3000",
    "1000, 8500, 9000",
    "2000, 1990, 3000",
  })
  void aMissedTimeIsLeftOut(long last, long now, long next) {
    Duration interval = Duration.ofSeconds(1);
    assertThat(
            Watcher.tickAfter(
                Duration.ofMillis(last).toNanos(), Duration.ofMillis(now).toNanos(), interval))
        .isEqualTo(Duration.ofMillis(next).toNanos());
  }
}
