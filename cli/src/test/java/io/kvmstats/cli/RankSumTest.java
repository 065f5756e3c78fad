package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The test that says whether pauses are longer by chance. */
class RankSumTest {
  private static final double EXACT = 1e-12;

  private static double[] numbers(int from, int to) {
    return IntStream.range(from, to).asDoubleStream().toArray();
  }

  @Test
  void whatIsLargerThroughoutIsOneOfAllDraws() {
    // 10 of 20 can be drawn in 184,756 ways.
    assertThat(RankSum.probability(numbers(10, 20), numbers(0, 10)))
        .isCloseTo(1 / 184_756.0, within(EXACT));
    assertThat(RankSum.probability(numbers(0, 10), numbers(10, 20))).isCloseTo(1, within(EXACT));
  }

  /** Of the ten ways to draw 2 of 5, those with a sum of ranks of 7 or more: 25, 34, 35, 45. */
  @Test
  void aSmallExampleByHand() {
    assertThat(RankSum.probability(new double[] {2, 5}, new double[] {1, 3, 4}))
        .isCloseTo(0.4, within(EXACT));
  }

  @Test
  void equalValuesTellNothing() {
    assertThat(RankSum.probability(new double[10], new double[10])).isCloseTo(1, within(EXACT));
    // 1 of 1, 2, 2: the rank 1 or twice 2.5, and drawn was a 2.
    assertThat(RankSum.probability(new double[] {2}, new double[] {1, 2}))
        .isCloseTo(2 / 3.0, within(EXACT));
  }

  /** What it is for: it errs as often as it says, whatever the values are distributed like. */
  @Test
  void chanceIsCalledADifferenceAsRarelyAsItSays() {
    Random random = new Random(1);
    int runs = 2000;
    int found = 0;
    int missed = 0;
    for (int run = 0; run < runs; run++) {
      double[] some = random.doubles(10).map(x -> 1 / x).toArray();
      double[] others = random.doubles(10).map(x -> 1 / x).toArray();
      found += RankSum.probability(some, others) < 0.05 ? 1 : 0;
      double[] longer = random.doubles(10).map(x -> 10 / x).toArray();
      missed += RankSum.probability(longer, others) < 0.05 ? 0 : 1;
    }
    assertThat(found).isBetween(runs / 50, runs * 7 / 100);
    assertThat(missed).isLessThan(runs / 10);
  }
}
