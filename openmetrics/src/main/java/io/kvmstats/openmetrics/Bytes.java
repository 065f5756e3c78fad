package io.kvmstats.openmetrics;

import io.kvmstats.core.model.Scale;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bytes in the making, with numbers written as digits without a detour over Strings. */
final class Bytes {
  private static final long[] POWERS = new long[19];

  static {
    POWERS[0] = 1;
    for (int i = 1; i < POWERS.length; i++) {
      POWERS[i] = POWERS[i - 1] * 10;
    }
  }

  /** 10^18 is the largest power of ten in a long. */
  private static final int PLACES_MAX = 18;

  /** 2^64 has 20 digits, and there may be a point and zeros before them. */
  private static final int DIGITS_MAX = 40;

  private byte[] bytes;
  private int size;

  Bytes(int room) {
    bytes = new byte[room];
  }

  static byte[] of(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  int size() {
    return size;
  }

  void clear() {
    size = 0;
  }

  private void ensure(int more) {
    if (bytes.length - size < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
    }
  }

  void put(byte[] more) {
    ensure(more.length);
    System.arraycopy(more, 0, bytes, size, more.length);
    size += more.length;
  }

  void put(Bytes more) {
    ensure(more.size);
    System.arraycopy(more.bytes, 0, bytes, size, more.size);
    size += more.size;
  }

  void put(int one) {
    ensure(1);
    bytes[size++] = (byte) one;
  }

  /**
   * Writes an unsigned number as a decimal fraction, without zeros at its end.
   *
   * @param value divided by 10^places
   * @param places 0 to 18
   */
  void putDecimal(long value, int places) {
    ensure(DIGITS_MAX);
    if (places == 0) {
      putDigits(value);
      return;
    }
    long power = POWERS[places];
    long whole = Long.divideUnsigned(value, power);
    long fraction = value - whole * power;
    putDigits(whole);
    if (fraction == 0) {
      return;
    }
    int left = places;
    while (fraction % 10 == 0) {
      fraction /= 10;
      left--;
    }
    bytes[size] = '.';
    size += left + 1;
    for (int at = size - 1; left > 0; left--) {
      bytes[at--] = (byte) ('0' + fraction % 10);
      fraction /= 10;
    }
  }

  private void putDigits(long value) {
    long rest = value;
    if (rest < 0) {
      long front = Long.divideUnsigned(rest, 10);
      putDigits(front);
      bytes[size++] = (byte) ('0' + rest - front * 10);
      return;
    }
    int digits = 1;
    while (digits < POWERS.length && rest >= POWERS[digits]) {
      digits++;
    }
    size += digits;
    int at = size;
    do {
      bytes[--at] = (byte) ('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
  }

  /** Writes a number with all of its digits, or as the nearest double where these are too many. */
  void putScaled(long raw, Scale scale) {
    int exponent = scale.exponent();
    if (scale.radix() == 10 && exponent <= 0 && exponent >= -PLACES_MAX) {
      putDecimal(raw, -exponent);
    } else if (scale.radix() == 2 && exponent > 0 && exponent <= Long.numberOfLeadingZeros(raw)) {
      putDecimal(raw << exponent, 0); // Whole numbers that a u64 holds, such as KiB are.
    } else {
      double value = scale.toDouble(raw); // Rarely: it is slow.
      put(of(value == Double.POSITIVE_INFINITY ? "+Inf" : Double.toString(value)));
    }
  }

  /** Writes as protobuf's varint. */
  void putVarint(long value) {
    ensure(10);
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
  }

  /** Writes as protobuf's fixed64, the lowest byte first. */
  void putFixed64(long value) {
    ensure(Long.BYTES);
    for (int i = 0; i < Long.BYTES; i++) {
      bytes[size++] = (byte) (value >>> (8 * i));
    }
  }

  byte[] toArray() {
    return Arrays.copyOf(bytes, size);
  }

  /** Writes all of it to a stream, and is empty then. */
  void flush(OutputStream out) throws IOException {
    out.write(bytes, 0, size);
    size = 0;
  }
}
