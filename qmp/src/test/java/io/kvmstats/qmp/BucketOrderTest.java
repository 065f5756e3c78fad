package io.kvmstats.qmp;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The order of buckets, from histograms filled as KVM fills them. */
class BucketOrderTest {
  private static final int BUCKETS = 32; // HALT_POLL_HIST_COUNT, Linux 6.12.

  private static final Descriptor LOG =
      new Descriptor(
          "hist",
          Descriptor.flags(StatType.LOG_HISTOGRAM, Unit.SECONDS, Base.POW10),
          -9,
          BUCKETS,
          0,
          0);

  private static int bucket(long nanos) {
    return Math.min(Long.SIZE - Long.numberOfLeadingZeros(nanos), BUCKETS - 1);
  }

  private static List<Long> buckets(long... counts) {
    return Arrays.stream(counts).boxed().toList();
  }

  @Test
  void noHistogramIsTakenForTheOther() {
    long seed = Long.getLong("tests.seed", System.nanoTime());
    SplittableRandom random = new SplittableRandom(seed);
    int decided = 0;
    for (int i = 0; i < 20_000; i++) {
      long[] counts = new long[BUCKETS];
      long sum = 0;
      int samples = random.nextInt(1, 50);
      int magnitude = random.nextInt(2, 40);
      for (int s = 0; s < samples; s++) {
        long nanos = random.nextLong(1L << random.nextInt(1, magnitude));
        counts[bucket(nanos)]++;
        sum += nanos + random.nextLong(nanos / 8 + 1); // Another look at the clock.
      }
      List<Long> kernels = buckets(counts);
      String what = "-Dtests.seed=" + seed + " " + kernels + " " + sum;
      var listed = BucketOrder.of(kernels, LOG, sum);
      var reversed = BucketOrder.of(kernels.reversed(), LOG, sum);
      assertThat(listed).as(what).isNotEqualTo(Optional.of(BucketOrder.REVERSED));
      assertThat(reversed).as(what).isNotEqualTo(Optional.of(BucketOrder.KERNELS));
      assertThat(listed.isPresent()).as(what).isEqualTo(reversed.isPresent());
      decided += listed.isPresent() ? 1 : 0;
    }
    // Else this would hold for one that decides nothing.
    assertThat(decided).as("-Dtests.seed=" + seed).isGreaterThan(15_000);
  }

  @Test
  void haltsOfFiftyMillisecondsAreSeenToBe() {
    long[] counts = new long[BUCKETS];
    counts[26] = 100;
    assertThat(BucketOrder.of(buckets(counts), LOG, 5_080_000_000L)).contains(BucketOrder.KERNELS);
    assertThat(BucketOrder.of(buckets(counts).reversed(), LOG, 5_080_000_000L))
        .contains(BucketOrder.REVERSED);
  }

  @Test
  void nothingAndResetsShowNothing() {
    long[] counts = new long[BUCKETS];
    assertThat(BucketOrder.of(buckets(counts), LOG, 0)).isEmpty();
    assertThat(BucketOrder.of(buckets(counts), LOG, 7)).isEmpty();
    counts[26] = 100;
    assertThat(BucketOrder.of(buckets(counts), LOG, 0)).as("set back").isEmpty();
    assertThat(BucketOrder.of(buckets(counts), LOG, -1)).as("2^64 - 1").isEmpty();
  }

  @Test
  void linearOnesAreTold() {
    int flags = Descriptor.flags(StatType.LINEAR_HISTOGRAM, Unit.NONE, Base.POW10);
    Descriptor linear = new Descriptor("hist", flags, 0, 4, 0, 100);
    assertThat(BucketOrder.of(buckets(9, 0, 1, 0), linear, 500)).contains(BucketOrder.KERNELS);
    assertThat(BucketOrder.of(buckets(0, 1, 0, 9), linear, 500)).contains(BucketOrder.REVERSED);
  }
}
