package io.kvmstats.core.statsfd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Stats files that lie: each is refused with what is wrong and where, and nothing worse happens.
 */
class HostileFileTest {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int COUNT = Descriptor.flags(StatType.CUMULATIVE, Unit.NONE, Base.POW10);
  private static final int LINEAR =
      Descriptor.flags(StatType.LINEAR_HISTOGRAM, Unit.BYTES, Base.POW2);

  /** Header at 0, id at 24, descriptors at 72, 136 and 200, data (1 + 4 + 1 values) at 264. */
  private static final Schema SCHEMA =
      new Schema(
          List.of(
              new Descriptor("first", COUNT, 0, 1, 0, 0),
              new Descriptor("second", LINEAR, 0, 4, 8, 100),
              new Descriptor("third", COUNT, 0, 1, 40, 0)));

  private static final int FIRST = 72;
  private static final int SECOND = 136;
  private static final int THIRD = 200;
  private static final int END = 312;

  private static byte[] good() {
    MemorySegment data = MemorySegment.ofArray(new byte[(int) SCHEMA.dataBytes()]);
    return StatsFileEncoder.encode("kvm-1", SCHEMA, data, ORDER);
  }

  private static StatsFile decode(byte[] file) throws IOException {
    return StatsFileDecoder.decode(ByteSource.of(MemorySegment.ofArray(file)), ORDER);
  }

  static Stream<Arguments> lies() {
    return Stream.of(
        lie("header flags 0x1 at byte 0", f -> f.putInt(0, 1)),
        lie("name_size in the header is 0, not 1 to 1024", f -> f.putInt(4, 0)),
        lie("name_size in the header is 1025", f -> f.putInt(4, 1025)),
        lie("name_size in the header is 4294967295", f -> f.putInt(4, -1)),
        lie("num_desc in the header is 0", f -> f.putInt(8, 0)),
        lie("num_desc in the header is 4097", f -> f.putInt(8, 4097)),
        lie("num_desc in the header is 2147483648", f -> f.putInt(8, 1 << 31)),
        lie(
            "truncated: byte 312 is missing, in the descriptors (bytes 72 to 647)",
            f -> f.putInt(8, 9)),
        lie("the id block ends at byte 4294967336", f -> f.putInt(12, 0xffff_fff8)),
        lie("the id block at byte 25 does not start on 8 bytes", f -> f.putInt(12, 25)),
        lie("the id block at byte 0 overlaps the header block", f -> f.putInt(12, 0)),
        lie("in the descriptors", f -> f.putInt(16, 304)),
        lie("the descriptors block at byte 76 does not start on 8", f -> f.putInt(16, 76)),
        lie("the data block at byte 8 overlaps the header block", f -> f.putInt(20, 8)),
        lie("overlaps the descriptors block", f -> f.putInt(20, 256)),
        lie(
            "truncated: byte 319 is missing, in the data (bytes 272 to 319)",
            f -> f.putInt(20, 272)),
        lie("the data block at byte 268 does not start on 8", f -> f.putInt(20, 268)),
        lie("id at byte 24: no NUL within its 48 bytes", f -> fill(f, 24, 48, 'x')),
        lie("id at byte 24: byte 0 is 0x1b, not printable ASCII", f -> f.put(24, (byte) 0x1b)),
        lie("name of descriptor 1: no NUL", f -> fill(f, SECOND + 16, 48, 'x')),
        lie("name of descriptor 2: byte 0 is 0x80", f -> f.put(THIRD + 16, (byte) 0x80)),
        lie("descriptor 0 has an empty name", f -> f.put(FIRST + 16, (byte) 0)),
        lie("two statistics are named first", f -> fill(f.put(THIRD + 16, name("first")), 0, 0, 0)),
        lie("first (descriptor 0) has size 0", f -> f.putShort(FIRST + 6, (short) 0)),
        lie("second: its data ends at byte", f -> f.putInt(SECOND + 8, 0xffff_fff8)),
        lie("second: data offset 12 is not a multiple of 8", f -> f.putInt(SECOND + 8, 12)),
        lie("second at data offset 0 overlaps first", f -> f.putInt(SECOND + 8, 0)),
        lie(
            "third at data offset 40 overlaps second, which ends at 48",
            f -> f.putShort(SECOND + 6, (short) 5)),
        lie("second is a linear histogram with bucket_size 0", f -> f.putInt(SECOND + 12, 0)));
  }

  /** {@return a good file, and every lie} */
  @SuppressWarnings("unchecked")
  static Stream<byte[]> files() {
    Stream<byte[]> lies =
        lies()
            .map(lie -> {
              byte[] file = good();
              ((Consumer<ByteBuffer>) lie.get()[1]).accept(ByteBuffer.wrap(file).order(ORDER));
              return file;
            });
    return Stream.concat(Stream.of(good()), lies);
  }

  private static byte[] name(String text) {
    return (text + "\0").getBytes(java.nio.charset.StandardCharsets.US_ASCII);
  }

  private static void fill(ByteBuffer file, int at, int length, int with) {
    for (int i = 0; i < length; i++) {
      file.put(at + i, (byte) with);
    }
  }

  private static Arguments lie(String message, Consumer<ByteBuffer> change) {
    return Arguments.of(message, change);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("lies")
  void aLieIsNamed(String message, Consumer<ByteBuffer> change) {
    byte[] file = good();
    change.accept(ByteBuffer.wrap(file).order(ORDER));
    assertThatThrownBy(() -> decode(file))
        .isInstanceOf(MalformedStatsException.class)
        .hasMessageContaining(message);
  }

  @Test
  void whatIsOnlyUnknownIsKept() throws IOException {
    byte[] file = good();
    ByteBuffer buffer = ByteBuffer.wrap(file).order(ORDER);
    buffer.putInt(FIRST, 0xdead_b9a7);
    buffer.putInt(SECOND + 12, 1 << 31);
    Schema schema = decode(file).schema();
    Descriptor first = schema.find("first").orElseThrow();
    assertThat(first.flags()).isEqualTo(0xdead_b9a7);
    assertThat(first.type()).isEqualTo(StatType.UNKNOWN);
    assertThat(first.unit()).isEqualTo(Unit.UNKNOWN);
    assertThat(first.base()).isEqualTo(Base.UNKNOWN);
    assertThat(first.typeCode()).isEqualTo(7);
    assertThat(first.unitCode()).isEqualTo(10);
    assertThat(first.baseCode()).isEqualTo(9);
    assertThat(schema.find("second").orElseThrow().bucketSize()).isEqualTo(1L << 31);
  }

  @Test
  void everyTruncationIsNoticed() throws IOException {
    byte[] file = good();
    assertThat(file).hasSize(END);
    for (int length = 0; length < file.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(file, length);
      assertThatThrownBy(() -> decode(cut))
          .isInstanceOf(MalformedStatsException.class)
          .hasMessageContaining("truncated: byte ");
    }
    assertThat(decode(file).schema()).isEqualTo(SCHEMA);
  }

  /** A file without an end, full of the largest numbers that pass: memory stays within bounds. */
  @Test
  void anEndlessFileIsReadWithinLimits() {
    long[] most = {0};
    ByteSource endless =
        (offset, into) -> {
          most[0] = Math.max(most[0], offset + into.byteSize());
          into.fill((byte) 'a');
          if (offset == 0 && into.byteSize() == StatsFileLayout.HEADER_BYTES) {
            ByteBuffer header = into.asByteBuffer().order(ORDER);
            header.putInt(0, 0).putInt(4, 1024).putInt(8, 4096);
            header.putInt(12, 24).putInt(16, 1048).putInt(20, 1 << 23);
          }
          return into.byteSize();
        };
    assertThatThrownBy(() -> StatsFileDecoder.decode(endless, ORDER))
        .isInstanceOf(MalformedStatsException.class);
    assertThat(most[0]).isLessThanOrEqualTo(StatsFileLayout.FILE_BYTES_MAX);
  }
}
