package io.kvmstats.core.statsfd;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Random schemas from a seed; {@code -Dtests.seed=N} repeats one run. */
final class Seeded {
  static final long SEED = Long.getLong("tests.seed", System.nanoTime());

  private Seeded() {}

  /** {@return for messages: how to repeat this} */
  static String repeat(int round) {
    return "round " + round + ", -Dtests.seed=" + SEED;
  }

  static Random random(int round) {
    return new Random(SEED + round);
  }

  /** Any types, units, bases and flags, known or not; gaps between values, and in any order. */
  static Schema schema(Random random) {
    int count = 1 + random.nextInt(40);
    List<Descriptor> descriptors = new ArrayList<>();
    long offset = 0;
    for (int i = 0; i < count; i++) {
      offset += 8L * random.nextInt(3);
      int flags = random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(0x200);
      int size = random.nextInt(4) == 0 ? 1 + random.nextInt(70) : 1;
      long bucketSize = random.nextLong(1L << 32);
      if ((flags & 0xf) == StatType.LINEAR_HISTOGRAM.code()) {
        bucketSize = Math.max(1, bucketSize);
      }
      String name = "s".repeat(random.nextInt(40)) + "_" + i;
      int exponent = (short) random.nextInt();
      descriptors.add(new Descriptor(name, flags, exponent, size, offset, bucketSize));
      offset = descriptors.getLast().end();
    }
    Collections.shuffle(descriptors, random);
    return new Schema(descriptors);
  }

  static byte[] data(Schema schema, Random random) {
    byte[] data = new byte[(int) schema.dataBytes()];
    random.nextBytes(data);
    return data;
  }

  /** As no kernel lays a file out yet: other name sizes, blocks in any order, room between them. */
  static byte[] file(String id, Schema schema, byte[] data, ByteOrder order, Random random) {
    int nameSize = 48 + 8 * random.nextInt(10);
    int stride = 16 + nameSize;
    int[] lengths = {nameSize, stride * schema.descriptors().size(), data.length};
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
    file.put(starts[0], id.getBytes(StandardCharsets.US_ASCII));
    int at = starts[1];
    for (Descriptor descriptor : schema.descriptors()) {
      file.putInt(at, descriptor.flags()).putShort(at + 4, (short) descriptor.exponent());
      file.putShort(at + 6, (short) descriptor.size()).putInt(at + 8, (int) descriptor.offset());
      file.putInt(at + 12, (int) descriptor.bucketSize());
      file.put(at + 16, descriptor.name().getBytes(StandardCharsets.US_ASCII));
      at += stride;
    }
    return file.put(starts[2], data).array();
  }
}
