package io.kvmstats.core.statsfd;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a stats file means, in the plainest words: written from Documentation/virt/kvm/api.rst and
 * the limits that StatsFileLayout's comments state, and sharing nothing with the decoder. It has
 * all bytes at hand, marks each as taken that some block or value claims, and gives no reasons.
 */
final class ReferenceDecoder {
  private static final int DATA_LIMIT = 1024 * 1024;
  private static final int FILE_LIMIT = 16 * 1024 * 1024;

  private final ByteBuffer file;

  private ReferenceDecoder(byte[] file, ByteOrder order) {
    this.file = ByteBuffer.wrap(file).order(order);
  }

  record Stat(
      String name, int flags, int exponent, int size, long offset, long bucketSize, long[] data) {}

  record Decoded(String id, List<Stat> stats, long dataOffset) {}

  /** {@return what is in the file; nothing where it has to be refused} */
  static Optional<Decoded> decode(byte[] file, ByteOrder order) {
    try {
      return Optional.of(new ReferenceDecoder(file, order).decode());
    } catch (Refused e) {
      return Optional.empty();
    }
  }

  private Decoded decode() throws Refused {
    BitSet fileTaken = new BitSet();
    claim(fileTaken, 0, 24, file.capacity());
    long flags = u32(0);
    long nameSize = u32(4);
    long count = u32(8);
    long id = u32(12);
    long table = u32(16);
    long data = u32(20);
    require(flags == 0);
    require(nameSize >= 1 && nameSize <= 1024);
    require(count >= 1 && count <= 4096);
    int limit = Math.min(FILE_LIMIT, file.capacity());
    claim(fileTaken, id, nameSize, limit);
    claim(fileTaken, table, count * (16 + nameSize), limit);

    List<Stat> stats = new ArrayList<>();
    Set<String> names = new HashSet<>();
    BitSet dataTaken = new BitSet();
    for (int i = 0; i < count; i++) {
      int at = (int) (table + i * (16 + nameSize));
      int size = Short.toUnsignedInt(file.getShort(at + 6));
      long offset = u32(at + 8);
      long bucketSize = u32(at + 12);
      String name = text(at + 16, (int) nameSize);
      boolean linearHistogram = (file.getInt(at) & 15) == 3;
      require(size > 0);
      require(!name.isEmpty() && names.add(name));
      require(!linearHistogram || bucketSize > 0);
      claim(dataTaken, offset, 8L * size, DATA_LIMIT);
      long[] values = new long[size];
      stats.add(
          new Stat(name, file.getInt(at), file.getShort(at + 4), size, offset, bucketSize, values));
    }
    claim(fileTaken, data, dataTaken.length(), limit);
    for (Stat stat : stats) {
      for (int i = 0; i < stat.size; i++) {
        stat.data[i] = file.getLong((int) (data + stat.offset + 8L * i));
      }
    }
    return new Decoded(text((int) id, (int) nameSize), stats, data);
  }

  /** Blocks and values are aligned to 64 bits, lie within bounds, and do not overlap. */
  private static void claim(BitSet taken, long start, long length, int limit) throws Refused {
    require(start % 8 == 0);
    require(start + length <= limit);
    require(taken.get((int) start, (int) (start + length)).isEmpty());
    taken.set((int) start, (int) (start + length));
  }

  private String text(int start, int room) throws Refused {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < room; i++) {
      char c = (char) file.get(start + i);
      if (c == 0) {
        return text.toString();
      }
      require(c > ' ' && c < 127);
      text.append(c);
    }
    throw new Refused();
  }

  private long u32(int at) {
    return Integer.toUnsignedLong(file.getInt(at));
  }

  private static void require(boolean condition) throws Refused {
    if (!condition) {
      throw new Refused();
    }
  }

  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    private Refused() {
      super(null, null, false, false);
    }
  }
}
