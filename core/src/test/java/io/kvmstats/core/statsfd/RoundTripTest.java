package io.kvmstats.core.statsfd;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
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

  /** As no kernel lays it out yet: other name sizes, blocks in any order, room between them. */
  @Test
  void blocksAreFoundWhereTheHeaderSays() throws IOException {
    for (int round = 0; round < ROUNDS; round++) {
      Random random = Seeded.random(round);
      Schema schema = Seeded.schema(random);
      ByteOrder order = random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      int nameSize = 48 + 8 * random.nextInt(10);
      int stride = 16 + nameSize;
      int[] lengths = {
        nameSize, stride * schema.descriptors().size(), (int) schema.dataBytes(),
      };
      int[] starts = new int[lengths.length];
      List<Integer> blocks = new ArrayList<>(List.of(0, 1, 2));
      Collections.shuffle(blocks, random);
      int end = 24;
      for (int block : blocks) {
        starts[block] = (end + 7) / 8 * 8 + 8 * random.nextInt(5);
        end = starts[block] + lengths[block];
      }
      ByteBuffer file = ByteBuffer.allocate(end).order(order);
      file.putInt(4, nameSize).putInt(8, schema.descriptors().size());
      file.putInt(12, starts[0]).putInt(16, starts[1]).putInt(20, starts[2]);
      file.put(starts[0], "an-id".getBytes(StandardCharsets.US_ASCII));
      int at = starts[1];
      for (Descriptor descriptor : schema.descriptors()) {
        file.putInt(at, descriptor.flags()).putShort(at + 4, (short) descriptor.exponent());
        file.putShort(at + 6, (short) descriptor.size()).putInt(at + 8, (int) descriptor.offset());
        file.putInt(at + 12, (int) descriptor.bucketSize());
        file.put(at + 16, descriptor.name().getBytes(StandardCharsets.US_ASCII));
        at += stride;
      }

      StatsFile decoded = decode(file.array(), order);
      assertThat(decoded)
          .as(Seeded.repeat(round))
          .isEqualTo(new StatsFile("an-id", schema, starts[2]));
    }
  }

  private static StatsFile decode(byte[] file, ByteOrder order) throws IOException {
    return StatsFileDecoder.decode(ByteSource.of(MemorySegment.ofArray(file)), order);
  }
}
