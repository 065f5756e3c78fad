package io.kvmstats.otlp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A message that is written field by field, in protobuf's encoding: a field is its number and wire
 * type, then its value. What is in it comes before what it is in, since its length does.
 */
final class Protobuf {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int WIRE_TYPE_BITS = 3;

  private static final int GROUP_BITS = 7;
  private static final int GROUP_MASK = 0x7f;
  private static final int MORE = 0x80;

  private byte[] bytes = new byte[256];
  private int size;

  int size() {
    return size;
  }

  byte[] toArray() {
    return Arrays.copyOf(bytes, size);
  }

  void clear() {
    size = 0;
  }

  /** Writes an int64, uint64, bool or enum. */
  Protobuf varint(int field, long value) {
    tag(field, VARINT);
    putVarint(value);
    return this;
  }

  /** Writes an sint32: small numbers of either sign are short. */
  Protobuf signed(int field, int value) {
    return varint(field, (value << 1) ^ (value >> 31));
  }

  /** Writes a fixed64 or sfixed64. */
  Protobuf fixed(int field, long value) {
    tag(field, FIXED64);
    putFixed(value);
    return this;
  }

  Protobuf real(int field, double value) {
    return fixed(field, Double.doubleToLongBits(value));
  }

  /** Writes a string, always valid UTF-8: what is none of Unicode's characters becomes a '?'. */
  Protobuf text(int field, String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    return field(field, utf8, utf8.length);
  }

  Protobuf message(int field, Protobuf value) {
    return field(field, value.bytes, value.size);
  }

  /** Writes a repeated uint64, packed. */
  Protobuf varints(int field, long[] values) {
    Protobuf packed = new Protobuf();
    for (long value : values) {
      packed.putVarint(value);
    }
    return message(field, packed);
  }

  /** Writes a repeated fixed64, packed. */
  Protobuf fixed(int field, long[] values) {
    Protobuf packed = new Protobuf();
    for (long value : values) {
      packed.putFixed(value);
    }
    return message(field, packed);
  }

  /** Writes a repeated double, packed. */
  Protobuf reals(int field, double[] values) {
    return fixed(field, Arrays.stream(values).mapToLong(Double::doubleToLongBits).toArray());
  }

  /** Writes the fields of another message as if they were this one's. */
  Protobuf fields(Protobuf other) {
    put(other.bytes, other.size);
    return this;
  }

  private Protobuf field(int field, byte[] value, int length) {
    tag(field, LENGTH_DELIMITED);
    putVarint(length);
    put(value, length);
    return this;
  }

  private void tag(int field, int wireType) {
    putVarint(((long) field << WIRE_TYPE_BITS) | wireType);
  }

  private void putVarint(long value) {
    long rest = value;
    while ((rest & ~GROUP_MASK) != 0) {
      put((byte) ((rest & GROUP_MASK) | MORE));
      rest >>>= GROUP_BITS;
    }
    put((byte) rest);
  }

  private void putFixed(long value) {
    for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
      put((byte) (value >>> shift));
    }
  }

  private void put(byte value) {
    reserve(1);
    bytes[size++] = value;
  }

  private void put(byte[] source, int length) {
    reserve(length);
    System.arraycopy(source, 0, bytes, size, length);
    size += length;
  }

  private void reserve(int more) {
    if (more > bytes.length - size) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, size + more));
    }
  }
}
