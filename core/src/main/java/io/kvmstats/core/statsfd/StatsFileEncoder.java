package io.kvmstats.core.statsfd;

import static io.kvmstats.core.statsfd.StatsFileLayout.*;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Encodes a stats file as the kernel lays it out: header, id, descriptors, data, adjacent. */
public final class StatsFileEncoder {
  /** KVM_STATS_NAME_SIZE. */
  private static final int NAME_BYTES = 48;

  private StatsFileEncoder() {}

  /**
   * {@return a whole stats file}
   *
   * @param id the object's label, shorter than 48 characters of ASCII
   * @param schema the statistics, with names shorter than 48 characters of ASCII
   * @param data the data block, {@link Schema#dataBytes} bytes, in {@code order} already
   * @param order the byte order of everything but {@code data}
   * @throws IllegalArgumentException when a name or the data has the wrong length
   */
  public static byte[] encode(String id, Schema schema, MemorySegment data, ByteOrder order) {
    return encode(id, schema, data, order, NAME_BYTES);
  }

  /**
   * {@return a whole stats file, also of statistics with longer names than the kernel's}
   *
   * @param id the object's label, shorter than {@code nameBytes} characters of ASCII
   * @param schema the statistics, with names shorter than that
   * @param data as above
   * @param order as above
   * @param nameBytes how long the field of a name is, NUL included: a multiple of 8
   * @throws IllegalArgumentException when a name or the data has the wrong length
   */
  public static byte[] encode(
      String id, Schema schema, MemorySegment data, ByteOrder order, int nameBytes) {
    if (data.byteSize() != schema.dataBytes()) {
      throw new IllegalArgumentException(
          data.byteSize() + " bytes of data for a schema of " + schema.dataBytes());
    }
    long idOffset = HEADER_BYTES;
    long descOffset = idOffset + nameBytes;
    long stride = DESC_NAME + nameBytes;
    long dataOffset = descOffset + stride * schema.descriptors().size();
    byte[] file = new byte[Math.toIntExact(dataOffset + data.byteSize())];
    MemorySegment out = MemorySegment.ofArray(file);

    out.set(u32(order), HEADER_NAME_SIZE, nameBytes);
    out.set(u32(order), HEADER_NUM_DESC, schema.descriptors().size());
    out.set(u32(order), HEADER_ID_OFFSET, (int) idOffset);
    out.set(u32(order), HEADER_DESC_OFFSET, (int) descOffset);
    out.set(u32(order), HEADER_DATA_OFFSET, (int) dataOffset);
    putText(out.asSlice(idOffset, nameBytes), id);
    long at = descOffset;
    for (Descriptor descriptor : schema.descriptors()) {
      putDescriptor(out.asSlice(at, stride), descriptor, order);
      at += stride;
    }
    MemorySegment.copy(data, 0, out, dataOffset, data.byteSize());
    return file;
  }

  private static void putDescriptor(MemorySegment out, Descriptor descriptor, ByteOrder order) {
    out.set(u32(order), DESC_FLAGS, descriptor.flags());
    out.set(u16(order), DESC_EXPONENT, (short) descriptor.exponent());
    out.set(u16(order), DESC_SIZE, (short) descriptor.size());
    out.set(u32(order), DESC_OFFSET, (int) descriptor.offset());
    out.set(u32(order), DESC_BUCKET_SIZE, (int) descriptor.bucketSize());
    putText(out.asSlice(DESC_NAME), descriptor.name());
  }

  private static void putText(MemorySegment out, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    if (bytes.length >= out.byteSize()) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is longer than " + (out.byteSize() - 1) + " characters");
    }
    MemorySegment.copy(bytes, 0, out, ValueLayout.JAVA_BYTE, 0, bytes.length);
  }
}
