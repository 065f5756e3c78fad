package io.kvmstats.core.statsfd;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
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
}
