package io.kvmstats.core.statsfd;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.model.Schema;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Any schema that can be written is read as it was written, in both byte orders. */
class RoundTripTest {
  private static final int ROUNDS = 500;

  @Test
  void whatIsEncodedIsDecoded() throws IOException {
    for (int round = 0; round < ROUNDS; round++) {
      Random random = Seeded.random(round);
      Schema schema = Seeded.schema(random);
      byte[] data = Seeded.data(schema, random);
      for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
        byte[] file = StatsFileEncoder.encode("kvm-1", schema, MemorySegment.ofArray(data), order);
        StatsFile decoded = decode(file, order);
        assertThat(decoded.schema()).as(Seeded.repeat(round)).isEqualTo(schema);
        assertThat(decoded.id()).isEqualTo("kvm-1");
        assertThat(file).endsWith(data);
        assertThat(decoded.dataOffset()).isEqualTo(file.length - data.length);
      }
    }
  }

  @Test
  void blocksAreFoundWhereTheHeaderSays() throws IOException {
    for (int round = 0; round < ROUNDS; round++) {
      Random random = Seeded.random(round);
      Schema schema = Seeded.schema(random);
      ByteOrder order = random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      byte[] file = Seeded.file("an-id", schema, Seeded.data(schema, random), order, random);
      long dataOffset = ByteBuffer.wrap(file).order(order).getInt(20);

      StatsFile decoded = decode(file, order);
      assertThat(decoded)
          .as(Seeded.repeat(round))
          .isEqualTo(new StatsFile("an-id", schema, dataOffset));
    }
  }

  private static StatsFile decode(byte[] file, ByteOrder order) throws IOException {
    return StatsFileDecoder.decode(ByteSource.of(MemorySegment.ofArray(file)), order);
  }
}
