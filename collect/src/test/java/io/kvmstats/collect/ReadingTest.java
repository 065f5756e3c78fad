package io.kvmstats.collect;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Deltas and rates, and when there are none. */
class ReadingTest {
  private static final Descriptor EXITS =
      new Descriptor("exits", flags(StatType.CUMULATIVE, Unit.NONE), 0, 1, 0, 0);
  private static final Descriptor WAIT =
      new Descriptor("wait_ns", flags(StatType.CUMULATIVE, Unit.SECONDS), -9, 1, 8, 0);
  private static final Descriptor HIST =
      new Descriptor("hist", flags(StatType.LOG_HISTOGRAM, Unit.SECONDS), -9, 3, 16, 0);
  private static final Descriptor NOW =
      new Descriptor("now", flags(StatType.INSTANT, Unit.NONE), 0, 1, 40, 0);
  private static final Descriptor FUTURE = new Descriptor("future", 0xf, 0, 1, 48, 0);
  private static final Descriptor ODD_BASE = new Descriptor("odd_base", 0xf00, 0, 1, 56, 0);
  private static final Schema SCHEMA =
      new Schema(List.of(EXITS, WAIT, HIST, NOW, FUTURE, ODD_BASE));

  private static int flags(StatType type, Unit unit) {
    return Descriptor.flags(type, unit, Base.POW10);
  }

  /** A sample read in 1 µs around a time, whose values are EXITS, WAIT, HIST[0..2], the others. */
  private static Sample sample(long atNanos, long... values) {
    MemorySegment data = MemorySegment.ofArray(values);
    return new Sample(SCHEMA, atNanos - 500, atNanos + 500, data, ByteOrder.nativeOrder());
  }

  private static Reading reading(Sample before, Sample after) {
    return new Reading(after, Optional.of(before));
  }

  @Test
  void ratesAreTakenFromMiddleToMiddleOfTheReads() {
    Reading reading =
        reading(
            sample(1_000_000_000L, 100, 5_000_000_000L, 0, 0, 0, 0, 0, 0),
            sample(1_500_000_000L, 350, 5_400_000_000L, 1, 2, 3, 0, 0, 0));
    assertThat(reading.deltas(EXITS)).hasValue(new long[] {250});
    assertThat(reading.perSecond(EXITS)).hasValue(500);
    // 0.4 s in 0.5 s.
    assertThat(reading.perSecond(WAIT).orElseThrow()).isBetween(0.7999, 0.8001);
    assertThat(reading.deltas(HIST)).hasValue(new long[] {1, 2, 3});
    assertThat(reading.perSecond(HIST)).isEmpty();
  }

  @Test
  void aFallIsAResetAndHasNoRate() {
    Reading reading = reading(sample(1000, 10, 10, 5, 5, 5, 9), sample(2000, 9, 11, 6, 4, 9, 1));
    assertThat(reading.reset(EXITS)).isTrue();
    assertThat(reading.deltas(EXITS)).isEmpty();
    assertThat(reading.perSecond(EXITS)).isEmpty();
    assertThat(reading.reset(WAIT)).isFalse();
    // One bucket fell: none of the others is to be trusted.
    assertThat(reading.reset(HIST)).isTrue();
    assertThat(reading.deltas(HIST)).isEmpty();
    // What goes up and down by nature is not reset.
    assertThat(reading.reset(NOW)).isFalse();
  }

  @Test
  void valuesAreUnsigned() {
    Reading reading =
        reading(sample(1000, Long.MAX_VALUE, 0), sample(1_000_001_000L, Long.MIN_VALUE + 4, 0));
    assertThat(reading.reset(EXITS)).isFalse();
    assertThat(reading.deltas(EXITS)).hasValue(new long[] {5});
    Reading huge = reading(sample(1000, 0, 0), sample(1_000_001_000L, -1, 0));
    assertThat(huge.perSecond(EXITS)).hasValue(0x1p64);
  }

  @Test
  void whatIsAbsentFromEitherSampleHasNoDelta() {
    long[] whole = new long[8];
    for (int words = 0; words < 8; words++) {
      Sample cut = sample(1000, Arrays.copyOf(whole, words));
      for (Reading reading :
          List.of(reading(cut, sample(2000, whole)), reading(sample(1000, whole), cut))) {
        assertThat(reading.deltas(EXITS).isPresent()).isEqualTo(words >= 1);
        assertThat(reading.deltas(WAIT).isPresent()).isEqualTo(words >= 2);
        assertThat(reading.deltas(HIST).isPresent()).isEqualTo(words >= 5);
        assertThat(reading.reset(HIST)).isFalse();
      }
    }
    Reading first = new Reading(sample(1000, whole), Optional.empty());
    assertThat(first.deltas(EXITS)).isEmpty();
    assertThat(first.seconds()).isEmpty();
  }

  @Test
  void whatIsNotUnderstoodHasNoRate() {
    long[] before = new long[8];
    long[] after = {1, 1, 1, 1, 1, 1, 1, 1};
    Reading reading = reading(sample(1000, before), sample(2000, after));
    assertThat(reading.deltas(FUTURE)).isEmpty();
    assertThat(reading.perSecond(NOW)).isEmpty();
    assertThat(reading.deltas(ODD_BASE)).hasValue(new long[] {1});
    assertThat(reading.perSecond(ODD_BASE)).isEmpty();
  }

  @Test
  void noTimeHasNoRate() {
    Reading reading = reading(sample(1000, 1), sample(1000, 2));
    assertThat(reading.deltas(EXITS)).hasValue(new long[] {1});
    assertThat(reading.perSecond(EXITS)).isEmpty();
  }
}
