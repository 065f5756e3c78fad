package io.kvmstats.openmetrics;

/**
 * Protobuf's encoding, as much of it as {@code io.prometheus.client.MetricFamily} needs: a field is
 * its number and wire type, then its bytes.
 */
final class Protobuf {
  /** Metric.label. */
  static final int LABEL = 1;

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int WIRE_TYPE_BITS = 3;

  private Protobuf() {}

  static void varint(Bytes out, int field, long value) {
    out.putVarint(field << WIRE_TYPE_BITS | VARINT);
    out.putVarint(value);
  }

  /** Writes an sint32 or sint64: small numbers of either sign are short. */
  static void signed(Bytes out, int field, long value) {
    varint(out, field, value << 1 ^ value >> 63);
  }

  static void fixed(Bytes out, int field, double value) {
    out.putVarint(field << WIRE_TYPE_BITS | FIXED64);
    out.putFixed64(Double.doubleToLongBits(value));
  }

  static void message(Bytes out, int field, Bytes content) {
    begin(out, field, content.size());
    out.put(content);
  }

  /** Writes what comes before a message of so many bytes. */
  static void begin(Bytes out, int field, int bytes) {
    out.putVarint(field << WIRE_TYPE_BITS | LENGTH_DELIMITED);
    out.putVarint(bytes);
  }

  static byte[] text(int field, String text) {
    return message(field, Bytes.of(text));
  }

  static byte[] message(int field, byte[]... contents) {
    int length = 0;
    for (byte[] content : contents) {
      length += content.length;
    }
    Bytes out = new Bytes(length + 12);
    begin(out, field, length);
    for (byte[] content : contents) {
      out.put(content);
    }
    return out.toArray();
  }
}
