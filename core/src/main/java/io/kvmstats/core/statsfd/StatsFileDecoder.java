package io.kvmstats.core.statsfd;

import static io.kvmstats.core.statsfd.StatsFileLayout.*;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Decodes a stats file of any origin.
 *
 * <p>Memory use is bounded by the limits in {@link StatsFileLayout} whatever the bytes claim. An
 * unknown type, unit or base is kept in its descriptor; only what leaves the place or the name of a
 * value in doubt is refused.
 */
public final class StatsFileDecoder {
  private static final Block HEADER = new Block("header", 0, HEADER_BYTES);

  private final ByteSource source;
  private final ByteOrder order;

  private StatsFileDecoder(ByteSource source, ByteOrder order) {
    this.source = source;
    this.order = order;
  }

  /**
   * Reads everything but the data.
   *
   * @param source the file
   * @param order the byte order of the host that wrote it
   * @return the id, the schema and where the data is; the whole data block was there when asked
   * @throws MalformedStatsException when the bytes are not a stats file, saying what and where
   * @throws IOException when the source fails
   */
  public static StatsFile decode(ByteSource source, ByteOrder order) throws IOException {
    return new StatsFileDecoder(source, order).decode();
  }

  private StatsFile decode() throws IOException {
    MemorySegment header = read(HEADER);
    int flags = header.get(u32(order), HEADER_FLAGS);
    if (flags != 0) {
      // Reserved for extensions that may change the layout: reading on would be a guess.
      throw malformed("header flags 0x%x at byte 0: a future format, or no stats file", flags);
    }
    long nameBytes = headerField(header, HEADER_NAME_SIZE);
    checkWithin("name_size", nameBytes, 1, NAME_BYTES_MAX);
    long count = headerField(header, HEADER_NUM_DESC);
    checkWithin("num_desc", count, 1, DESCRIPTORS_MAX);
    long stride = DESC_NAME + nameBytes;
    Block id = block("id", headerField(header, HEADER_ID_OFFSET), nameBytes);
    Block table = block("descriptors", headerField(header, HEADER_DESC_OFFSET), count * stride);

    Schema schema = schema(read(table), count, stride);
    Block data = block("data", headerField(header, HEADER_DATA_OFFSET), schema.dataBytes());
    checkDisjoint(List.of(HEADER, id, table, data));
    read(data, data.bytes - 1); // Of the data, no more than tells that it is all there.
    String label = text(read(id), "id at byte " + id.start);
    return new StatsFile(label, schema, data.start);
  }

  private Schema schema(MemorySegment table, long count, long stride)
      throws MalformedStatsException {
    List<Descriptor> descriptors = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      descriptors.add(descriptor(table.asSlice(i * stride, stride), i));
    }
    checkNames(descriptors);
    checkPlaces(descriptors);
    return new Schema(descriptors);
  }

  private Descriptor descriptor(MemorySegment bytes, long index) throws MalformedStatsException {
    String name = text(bytes.asSlice(DESC_NAME), "name of descriptor " + index);
    if (name.isEmpty()) {
      throw malformed("descriptor %d has an empty name", index);
    }
    Descriptor descriptor =
        new Descriptor(
            name,
            bytes.get(u32(order), DESC_FLAGS),
            bytes.get(u16(order), DESC_EXPONENT),
            Short.toUnsignedInt(bytes.get(u16(order), DESC_SIZE)),
            Integer.toUnsignedLong(bytes.get(u32(order), DESC_OFFSET)),
            Integer.toUnsignedLong(bytes.get(u32(order), DESC_BUCKET_SIZE)));
    if (descriptor.size() == 0) {
      throw malformed("%s (descriptor %d) has size 0", name, index);
    }
    if (descriptor.offset() % Long.BYTES != 0) {
      throw malformed("%s: data offset %d is not a multiple of 8", name, descriptor.offset());
    }
    if (descriptor.end() > DATA_BYTES_MAX) {
      throw malformed(
          "%s: its data ends at byte %d of the data block; the limit is %d",
          name, descriptor.end(), DATA_BYTES_MAX);
    }
    if (descriptor.type() == StatType.LINEAR_HISTOGRAM && descriptor.bucketSize() == 0) {
      throw malformed("%s is a linear histogram with bucket_size 0", name);
    }
    return descriptor;
  }

  private static void checkNames(List<Descriptor> descriptors) throws MalformedStatsException {
    Set<String> names = new HashSet<>();
    for (Descriptor descriptor : descriptors) {
      if (!names.add(descriptor.name())) {
        throw malformed("two statistics are named %s", descriptor.name());
      }
    }
  }

  /** Two statistics in one place: one of them would show the other's value. */
  private static void checkPlaces(List<Descriptor> descriptors) throws MalformedStatsException {
    List<Descriptor> inPlace = new ArrayList<>(descriptors);
    inPlace.sort(Comparator.comparingLong(Descriptor::offset));
    for (int i = 1; i < inPlace.size(); i++) {
      Descriptor before = inPlace.get(i - 1);
      Descriptor here = inPlace.get(i);
      if (here.offset() < before.end()) {
        throw malformed(
            "%s at data offset %d overlaps %s, which ends at %d",
            here.name(), here.offset(), before.name(), before.end());
      }
    }
  }

  private static void checkDisjoint(List<Block> blocks) throws MalformedStatsException {
    List<Block> inPlace = new ArrayList<>(blocks);
    inPlace.sort(Comparator.comparingLong(Block::start));
    for (int i = 1; i < inPlace.size(); i++) {
      Block before = inPlace.get(i - 1);
      Block here = inPlace.get(i);
      if (here.start < before.start + before.bytes) {
        throw malformed(
            "the %s block at byte %d overlaps the %s block, which ends at byte %d",
            here.name, here.start, before.name, before.start + before.bytes);
      }
    }
  }

  private record Block(String name, long start, long bytes) {}

  private static Block block(String name, long start, long bytes) throws MalformedStatsException {
    if (start % Long.BYTES != 0) {
      throw malformed("the %s block at byte %d does not start on 8 bytes", name, start);
    }
    if (start + bytes > FILE_BYTES_MAX) {
      throw malformed(
          "the %s block ends at byte %d; the limit is %d", name, start + bytes, FILE_BYTES_MAX);
    }
    return new Block(name, start, bytes);
  }

  private MemorySegment read(Block block) throws IOException {
    return read(block, 0);
  }

  /** Reads a block from some byte of it to its end. */
  private MemorySegment read(Block block, long from) throws IOException {
    long length = block.bytes - from;
    MemorySegment into = MemorySegment.ofArray(new byte[Math.toIntExact(length)]);
    long done = 0;
    while (done < length) {
      long at = block.start + from + done;
      long n = source.read(at, into.asSlice(done));
      if (n <= 0) {
        throw malformed(
            "truncated: byte %d is missing, in the %s (bytes %d to %d)",
            at, block.name, block.start, block.start + block.bytes - 1);
      }
      done += n;
    }
    return into;
  }

  private long headerField(MemorySegment header, long offset) {
    return Integer.toUnsignedLong(header.get(u32(order), offset));
  }

  private static void checkWithin(String what, long value, long min, long max)
      throws MalformedStatsException {
    if (value < min || value > max) {
      throw malformed("%s in the header is %d, not %d to %d", what, value, min, max);
    }
  }

  /** Text ends at a NUL and is printable: it goes to terminals and into file formats. */
  private static String text(MemorySegment bytes, String what) throws MalformedStatsException {
    byte[] all = bytes.toArray(ValueLayout.JAVA_BYTE);
    for (int i = 0; i < all.length; i++) {
      if (all[i] == 0) {
        return new String(all, 0, i, StandardCharsets.US_ASCII);
      }
      if (all[i] <= ' ' || all[i] > '~') {
        throw malformed("%s: byte %d is 0x%02x, not printable ASCII", what, i, all[i] & 0xff);
      }
    }
    throw malformed("%s: no NUL within its %d bytes", what, all.length);
  }

  private static MalformedStatsException malformed(String format, Object... arguments) {
    return new MalformedStatsException(String.format(Locale.ROOT, format, arguments));
  }
}
