package io.kvmstats.core.statsfd;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.model.Schema;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The decoder beside the reference, on files that are valid, nearly valid, or damaged. */
class DifferentialTest {
  private static final int ROUNDS = 10_000;
  private static final int[] HEADER_FIELDS = {0, 4, 8, 12, 16, 20};

  /** Around both ends of what is printable. */
  private static final byte[] NAME_BYTES = {0, '\n', ' ', '!', 'a', '~', 127, (byte) 128, -1};

  private static final int[] SMALL_STEPS = {-8, -1, 1, 8};

  @Test
  void bothDecodersFindTheSame() throws IOException {
    int accepted = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Random random = Seeded.random(round);
      ByteOrder order = random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      byte[] file = valid(order, random);
      int changes = random.nextInt(4);
      for (int i = 0; i < changes; i++) {
        file = changed(file, order, random);
      }
      if (Agreement.check(file, order, Seeded.repeat(round)).isPresent()) {
        accepted++;
      }
    }
    // Otherwise this tests only that both refuse, or only that both read what is right.
    assertThat(accepted)
        .as("files accepted, -Dtests.seed=%d", Seeded.SEED)
        .isBetween(ROUNDS / 4, ROUNDS * 3 / 4);
  }

  /** Everything as large as it may be, to the last byte; then a step further. */
  @Test
  void theLimitsAreTheSame() throws IOException {
    int nameSize = 1024;
    int count = 4096;
    int dataBytes = 1 << 20;
    int dataOffset = (1 << 24) - dataBytes;
    ByteBuffer file = ByteBuffer.allocate((1 << 24) + 8);
    file.putInt(4, nameSize).putInt(8, count);
    file.putInt(12, 24).putInt(16, 24 + nameSize).putInt(20, dataOffset);
    file.put(24, "i".repeat(nameSize - 1).getBytes(StandardCharsets.US_ASCII));
    int last = 0;
    for (int i = 0; i < count; i++) {
      last = 24 + nameSize + i * (16 + nameSize);
      file.putShort(last + 6, (short) 1).putInt(last + 8, i * 8);
      byte[] name = String.format(Locale.ROOT, "%01023d", i).getBytes(StandardCharsets.US_ASCII);
      file.put(last + 16, name);
    }
    int atLimit = dataBytes - 0xffff * 8;
    file.putShort(last + 6, (short) 0xffff).putInt(last + 8, atLimit);
    assertThat(Agreement.check(file.array(), ByteOrder.BIG_ENDIAN, "at the limits")).isPresent();

    file.putInt(20, dataOffset + 8);
    assertThat(Agreement.check(file.array(), ByteOrder.BIG_ENDIAN, "too long")).isEmpty();
    file.putInt(20, dataOffset - 8).putInt(last + 8, atLimit + 8);
    assertThat(Agreement.check(file.array(), ByteOrder.BIG_ENDIAN, "too much data")).isEmpty();
  }

  private static byte[] valid(ByteOrder order, Random random) {
    Schema schema = Seeded.schema(random);
    byte[] data = Seeded.data(schema, random);
    return random.nextBoolean()
        ? Seeded.file("kvm-1", schema, data, order, random)
        : StatsFileEncoder.encode("kvm-1", schema, MemorySegment.ofArray(data), order);
  }

  private static byte[] changed(byte[] file, ByteOrder order, Random random) {
    if (file.length < 24) {
      return file;
    }
    ByteBuffer buffer = ByteBuffer.wrap(file).order(order);
    switch (random.nextInt(8)) {
      case 0 -> file[random.nextInt(file.length)] = (byte) random.nextInt();
      case 1 -> file[random.nextInt(24)] ^= (byte) (1 << random.nextInt(8));
      case 2 -> {
        int field = HEADER_FIELDS[random.nextInt(HEADER_FIELDS.length)];
        buffer.putInt(field, number(buffer.getInt(field), file.length, random));
      }
      case 3 -> {
        return Arrays.copyOf(file, file.length - 1 - random.nextInt(Math.min(file.length, 80)));
      }
      case 4 -> {
        return Arrays.copyOf(file, file.length + random.nextInt(80));
      }
      default -> changeDescriptor(buffer, random);
    }
    return file;
  }

  private static void changeDescriptor(ByteBuffer file, Random random) {
    int nameSize = file.getInt(4);
    int count = file.getInt(8);
    int table = file.getInt(16);
    int stride = 16 + nameSize;
    long end = table + (long) count * stride;
    if (nameSize < 1 || nameSize > 1024 || count < 1 || table < 0 || end > file.capacity()) {
      return; // An earlier change was to the header.
    }
    int at = table + random.nextInt(count) * stride;
    int other = table + random.nextInt(count) * stride;
    int data = file.capacity() - 24;
    switch (random.nextInt(7)) {
      case 0 -> file.putInt(at, random.nextInt());
      case 1 -> file.putShort(at + 4, (short) random.nextInt());
      case 2 -> file.putShort(at + 6, (short) number(file.getShort(at + 6), 4, random));
      case 3 ->
          file.putInt(
              at + 8, number(file.getInt(random.nextBoolean() ? at + 8 : other + 8), data, random));
      case 4 -> file.putInt(at + 12, number(file.getInt(at + 12), 2, random));
      case 5 -> file.put(at + 16, file.array(), other + 16, nameSize);
      default -> {
        int where = random.nextBoolean() ? 0 : random.nextInt(nameSize);
        file.put(at + 16 + where, NAME_BYTES[random.nextInt(NAME_BYTES.length)]);
      }
    }
  }

  /** Some number near the old one, or at an end of what is allowed, or any. */
  private static int number(int old, int limit, Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> old;
      case 1, 2 -> old + SMALL_STEPS[random.nextInt(SMALL_STEPS.length)];
      case 3 -> random.nextInt(limit) / 8 * 8;
      case 4 -> random.nextBoolean() ? 0 : -1;
      default -> random.nextInt();
    };
  }
}
