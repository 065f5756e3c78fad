package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.kvmstats.collect.Reading;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What {@code stat --repeat} makes of its runs. */
class SpanTest {
  private static final Descriptor EXITS = descriptor("exits", StatType.CUMULATIVE, 1, 0);
  private static final Descriptor HIST = descriptor("hist", StatType.LOG_HISTOGRAM, 2, 8);
  private static final Schema SCHEMA = new Schema(List.of(EXITS, HIST));

  private static Descriptor descriptor(String name, StatType type, int size, long offset) {
    return new Descriptor(name, Descriptor.flags(type, Unit.NONE, Base.POW10), 0, size, offset, 0);
  }

  private static Sample sample(long second, long... values) {
    long nanos = second * 1_000_000_000;
    return new Sample(SCHEMA, nanos, nanos, MemorySegment.ofArray(values), ByteOrder.nativeOrder());
  }

  private static Span span(Sample... samples) {
    Span span = new Span(null, null);
    for (int i = 0; i < samples.length; i += 2) {
      span.add(new Reading(samples[i + 1], Optional.of(samples[i])));
    }
    return span;
  }

  @Test
  void aResetInAnyRunIsOneAndLeavesTheRestUnknown() {
    Span span =
        span(sample(0, 9, 1, 1), sample(1, 3, 2, 1), sample(1, 3, 2, 1), sample(2, 8, 3, 2));
    assertThat(span.reset(EXITS)).isTrue();
    assertThat(span.totals(EXITS)).isEmpty();
    assertThat(span.perSecond(EXITS)).isEmpty();
    assertThat(span.spread(EXITS)).isEmpty();
    assertThat(span.reset(HIST)).isFalse();
    assertThat(span.totals(HIST)).hasValue(new long[] {2, 1});
  }

  @Test
  void runsDifferByTheStandardErrorOfTheirMean() {
    Span span =
        span(sample(0, 0, 0, 0), sample(1, 8, 1, 0), sample(1, 8, 1, 0), sample(2, 20, 4, 0));
    // 8 and 12: a mean of 10, a standard deviation of √8, over √2 runs.
    assertThat(span.mean(EXITS)).hasValue(10);
    assertThat(span.spread(EXITS).orElseThrow()).isCloseTo(0.2, within(1e-12));
    assertThat(span.perSecond(EXITS)).hasValue(10);
    // A histogram is no number.
    assertThat(span.spread(HIST)).isEmpty();
    assertThat(span(sample(0, 0, 0, 0), sample(1, 8, 1, 0)).spread(EXITS)).isEmpty();
  }
}
