package io.kvmstats.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Absence, unsigned values, byte orders, scales and bucket bounds. */
class ModelTest {
  private static final Descriptor SCALAR = new Descriptor("scalar", 0, 0, 1, 0, 0);
  private static final Descriptor BUCKETS =
      new Descriptor(
          "buckets",
          Descriptor.flags(StatType.LOG_HISTOGRAM, Unit.SECONDS, Base.POW10),
          -9,
          70,
          8,
          0);
  private static final Schema SCHEMA = new Schema(List.of(BUCKETS, SCALAR));

  private static Sample sample(byte[] data, ByteOrder order) {
    return new Sample(SCHEMA, 100, 301, MemorySegment.ofArray(data), order);
  }

  @Test
  void aValueIsAbsentUntilItsLastByteIsThere() {
    assertThat(SCHEMA.dataBytes()).isEqualTo(8 + 70 * 8);
    Sample short7 = sample(new byte[7], ByteOrder.nativeOrder());
    assertThat(short7.has(SCALAR)).isFalse();
    assertThatThrownBy(() -> short7.value(SCALAR)).hasMessageContaining("absent");
    assertThat(sample(new byte[8], ByteOrder.nativeOrder()).has(SCALAR)).isTrue();
    assertThat(sample(new byte[8 + 70 * 8 - 1], ByteOrder.nativeOrder()).has(BUCKETS)).isFalse();
    Sample whole = sample(new byte[8 + 70 * 8], ByteOrder.nativeOrder());
    assertThat(whole.has(BUCKETS)).isTrue();
    assertThatThrownBy(() -> whole.value(BUCKETS, 70))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> whole.value(BUCKETS, -1))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void valuesHaveTheirHostsByteOrder() {
    for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
      byte[] data = new byte[8 + 70 * 8];
      ByteBuffer.wrap(data).order(order).putLong(0, 0xfedc_ba98_7654_3210L).putLong(8 + 8 * 3, 42);
      assertThat(sample(data, order).value(SCALAR)).isEqualTo(0xfedc_ba98_7654_3210L);
      assertThat(sample(data, order).value(BUCKETS, 3)).isEqualTo(42);
    }
  }

  @Test
  void theTimeOfAReadIsItsMiddle() {
    assertThat(sample(new byte[0], ByteOrder.nativeOrder()).midNanos()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1, 1", "2, 2", "3, 4", "31, 1073741824", "64, 9223372036854775808"})
  void logBucketsStartAtPowersOfTwo(int index, String from) {
    assertThat(Long.toUnsignedString(BUCKETS.bucketFrom(index))).isEqualTo(from);
  }

  @Test
  void noBoundIsBelowTheOneBefore() {
    for (int i = 1; i < BUCKETS.size(); i++) {
      assertThat(Long.compareUnsigned(BUCKETS.bucketFrom(i), BUCKETS.bucketFrom(i - 1)))
          .isNotNegative();
    }
    int flags = Descriptor.flags(StatType.LINEAR_HISTOGRAM, Unit.NONE, Base.POW10);
    Descriptor linear = new Descriptor("linear", flags, 0, 65535, 0, 0xffff_ffffL);
    assertThat(linear.bucketFrom(65534)).isEqualTo(65534L * 0xffff_ffffL);
    assertThatThrownBy(() -> SCALAR.bucketFrom(0)).hasMessageContaining("not a histogram");
  }

  @Test
  void scaleIsBaseToTheExponent() {
    assertThat(BUCKETS.scale()).isEqualTo(1e-9);
    int bytes = Descriptor.flags(StatType.INSTANT, Unit.BYTES, Base.POW2);
    assertThat(new Descriptor("kib", bytes, 10, 1, 0, 0).scale()).isEqualTo(1024);
    assertThat(new Descriptor("future", 0xf00, 1, 1, 0, 0).scale()).isNaN();
  }

  @Test
  void unsignedNumbersBecomeDoubles() {
    assertThat(Unsigned.toDouble(-1)).isEqualTo(0x1p64);
    assertThat(Unsigned.toDouble(Long.MIN_VALUE)).isEqualTo(0x1p63);
    assertThat(Unsigned.toDouble(5)).isEqualTo(5);
  }
}
