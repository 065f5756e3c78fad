package io.kvmstats.cli;

import io.kvmstats.guest.GapMeter;
import java.util.function.ToDoubleFunction;

/**
 * A phase beside one in which the VM was not read, of the same guest and in the same time.
 *
 * @param with what it is compared with
 * @param chance how probable it is that chance alone would have made the pauses of its rounds
 *     longer than those of the other's as clearly as they are, or more numerous
 */
record Comparison(Phase with, double chance) {
  /** What is less probable than this is not put down to chance: one comparison of 100 errs. */
  private static final double CHANCE_MIN = 0.01;

  static Comparison of(PhaseResult result, PhaseResult other) {
    double chance = chance(result, other, round -> round.gaps().longestNanos());
    int thresholds = GapMeter.thresholds().size();
    for (int i = 0; i < thresholds; i++) {
      int threshold = i;
      double more =
          chance(
              result,
              other,
              round -> (double) round.gaps().pauses().get(threshold) / round.nanos());
      chance = Math.min(chance, more);
    }
    // There are so many ways to be found different.
    return new Comparison(other.phase(), Math.min(1, (1 + thresholds) * chance));
  }

  private static double chance(PhaseResult result, PhaseResult other, ToDoubleFunction<Round> of) {
    return RankSum.probability(values(result, of), values(other, of));
  }

  private static double[] values(PhaseResult result, ToDoubleFunction<Round> of) {
    return result.rounds().stream().mapToDouble(of).toArray();
  }

  /** {@return whether chance does not explain it} */
  boolean isDifference() {
    return chance < CHANCE_MIN;
  }
}
