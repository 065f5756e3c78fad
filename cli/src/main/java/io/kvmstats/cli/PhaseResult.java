package io.kvmstats.cli;

import io.kvmstats.guest.GapMeter;
import java.util.Arrays;
import java.util.List;

/**
 * What a guest said of a phase, over all of its rounds.
 *
 * @param phase what it was
 * @param rounds at least one
 */
record PhaseResult(Phase phase, List<Round> rounds) {
  long times() {
    return rounds.stream().mapToLong(Round::times).sum();
  }

  double seconds() {
    return rounds.stream().mapToLong(Round::nanos).sum() / 1e9;
  }

  long longestNanos() {
    return rounds.stream().mapToLong(round -> round.gaps().longestNanos()).max().orElseThrow();
  }

  /** {@return of the longest pause of each round, the one in the middle} */
  long medianLongestNanos() {
    return median(rounds.stream().mapToLong(round -> round.gaps().longestNanos()).toArray());
  }

  /** {@return half of all gaps are shorter than this, in the round in the middle} */
  long medianGapNanos() {
    return median(rounds.stream().mapToLong(round -> round.gaps().medianNanos()).toArray());
  }

  private static long median(long[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  /** {@return how many pauses were as long as one of {@link GapMeter#thresholds}} */
  long pauses(int threshold) {
    return rounds.stream().mapToLong(round -> round.gaps().pauses().get(threshold)).sum();
  }
}
