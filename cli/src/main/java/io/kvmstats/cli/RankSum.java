package io.kvmstats.cli;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * Wilcoxon's rank-sum test (1945): whether the values of one sample are larger than those of
 * another, whatever these are distributed like.
 */
final class RankSum {
  private RankSum() {}

  /**
   * {@return how probable it is that chance alone would have the sample as large, or larger, were
   * both of one kind: exact, also with equal values}
   *
   * @param sample a few dozen values at most
   * @param others likewise
   */
  static double probability(double[] sample, double[] others) {
    int[] ranks = doubledRanks(sample, others);
    int all = Arrays.stream(ranks).sum();
    // How many ways there are to draw so many of the ranks with such a sum.
    double[][] ways = new double[sample.length + 1][all + 1];
    ways[0][0] = 1;
    for (int rank : ranks) {
      for (int drawn = sample.length; drawn > 0; drawn--) {
        for (int sum = all; sum >= rank; sum--) {
          ways[drawn][sum] += ways[drawn - 1][sum - rank];
        }
      }
    }
    int observed = Arrays.stream(ranks, 0, sample.length).sum();
    double[] drawn = ways[sample.length];
    double asLarge = Arrays.stream(drawn, observed, drawn.length).sum();
    return asLarge / Arrays.stream(drawn).sum();
  }

  /** {@return twice the rank of each, so that it is whole where equal ones share theirs} */
  private static int[] doubledRanks(double[] sample, double[] others) {
    double[] all = DoubleStream.concat(Arrays.stream(sample), Arrays.stream(others)).toArray();
    return Arrays.stream(all)
        .mapToInt(value -> {
          int smaller = (int) Arrays.stream(all).filter(other -> other < value).count();
          int equal = (int) Arrays.stream(all).filter(other -> other == value).count();
          return 2 * smaller + equal + 1;
        })
        .toArray();
  }
}
