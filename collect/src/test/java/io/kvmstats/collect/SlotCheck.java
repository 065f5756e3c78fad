package io.kvmstats.collect;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.collect.FakeHost.FakeFd;
import io.kvmstats.collect.FakeHost.Read;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.assertj.core.data.Percentage;

/**
 * Compares what a slot tells with what the reads returned: values, absence, growth and rates,
 * worked out again in a plainer way.
 *
 * @param repeat for messages: how to repeat this
 * @param seen is told what was met
 */
record SlotCheck(String repeat, Consumer<String> seen) {
  /** A slot tells of its object's last two reads just what they returned. */
  void check(FakeFd fd, Slot slot) {
    Optional<Reading> reading = slot.read();
    assertThat(reading.isPresent()).as(repeat).isEqualTo(!fd.reads.isEmpty());
    if (reading.isEmpty()) {
      return;
    }
    Read latest = fd.reads.getLast();
    check(reading.get().latest(), latest);
    assertThat(reading.get().previous().isPresent()).as(repeat).isEqualTo(fd.reads.size() > 1);
    if (fd.reads.size() > 1) {
      Read previous = fd.reads.get(fd.reads.size() - 2);
      check(reading.get().previous().orElseThrow(), previous);
      for (Descriptor descriptor : slot.schema().descriptors()) {
        checkGrowth(reading.get(), descriptor, previous, latest);
      }
    }
  }

  private void check(Sample sample, Read read) {
    assertThat(sample.beforeNanos()).as(repeat).isEqualTo(read.before);
    assertThat(sample.afterNanos()).as(repeat).isEqualTo(read.after);
    see("failed read", read.returned < 0);
    for (Descriptor descriptor : sample.schema().descriptors()) {
      boolean whole = descriptor.end() <= read.data.length;
      see("absent", !whole);
      assertThat(sample.has(descriptor)).as(repeat).isEqualTo(whole);
      for (int i = 0; whole && i < descriptor.size(); i++) {
        assertThat(sample.value(descriptor, i)).as(repeat).isEqualTo(value(read, descriptor, i));
      }
    }
  }

  private void checkGrowth(Reading reading, Descriptor descriptor, Read before, Read after) {
    boolean known =
        descriptor.type().isCumulative()
            && descriptor.end() <= Math.min(before.data.length, after.data.length);
    List<BigInteger> growth = new ArrayList<>();
    for (int i = 0; known && i < descriptor.size(); i++) {
      growth.add(
          unsigned(value(after, descriptor, i)).subtract(unsigned(value(before, descriptor, i))));
    }
    boolean fell = growth.stream().anyMatch(by -> by.signum() < 0);
    assertThat(reading.reset(descriptor)).as(repeat).isEqualTo(fell);
    Optional<long[]> deltas = reading.deltas(descriptor);
    assertThat(deltas.isPresent()).as(repeat).isEqualTo(known && !fell);
    deltas.ifPresent(all ->
        assertThat(Arrays.stream(all).mapToObj(SlotCheck::unsigned).toList())
            .as(repeat)
            .isEqualTo(growth));
    // From the middle of one read to the middle of the next, however long each took.
    double nanos =
        (after.before - before.before)
            + (after.after - after.before) / 2
            - (before.after - before.before) / 2;
    boolean rated = known && !fell && nanos > 0 && !descriptor.type().isHistogram();
    assertThat(reading.perSecond(descriptor).isPresent()).as(repeat).isEqualTo(rated);
    if (rated) {
      double rate = growth.getFirst().doubleValue() * descriptor.scale() / (nanos / 1e9);
      assertThat(reading.perSecond(descriptor).getAsDouble())
          .as(repeat)
          .isCloseTo(rate, Percentage.withPercentage(1e-6));
    }
    see("delta", known && !fell);
    see("reset", fell);
    see("no time between", nanos == 0);
  }

  private static long value(Read read, Descriptor descriptor, int index) {
    return ByteBuffer.wrap(read.data)
        .order(ByteOrder.nativeOrder())
        .getLong((int) descriptor.offset() + index * Long.BYTES);
  }

  private static BigInteger unsigned(long value) {
    return new BigInteger(Long.toUnsignedString(value));
  }

  private void see(String what, boolean happened) {
    if (happened) {
      seen.accept(what);
    }
  }
}
