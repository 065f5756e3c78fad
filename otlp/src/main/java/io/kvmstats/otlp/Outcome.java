package io.kvmstats.otlp;

import java.time.Duration;
import java.util.Optional;

/** What came of one try to send a request. */
sealed interface Outcome {
  /**
   * It was taken.
   *
   * @param complaint what the receiver says all the same: of points that it did not take, if any
   */
  record Taken(Optional<String> complaint) implements Outcome {}

  /**
   * It was not, and may be another time.
   *
   * @param reason why
   * @param after when the receiver wants to see us again
   */
  record Later(String reason, Optional<Duration> after) implements Outcome {}

  /**
   * It was not, and won't be.
   *
   * @param reason why
   */
  record Refused(String reason) implements Outcome {}
}
