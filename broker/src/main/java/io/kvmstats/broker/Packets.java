package io.kvmstats.broker;

import io.kvmstats.linux.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The packets between a broker and who connects to it, in the host's byte order. */
final class Packets {
  /** To the broker, first of all: u32 version, so that both speak the same. */
  static final int HELLO = 1;

  /** To the broker: u32 0, u64 how often in ns the table should be swept; 0 for no wish. */
  static final int INTERVAL = 2;

  /** To the broker: u32 bytes, and what the VM is called whose stats fds are handed in here. */
  static final int NAME = 3;

  /** To the broker, with as many stats fds of one VM: u32 how many. */
  static final int HAND = 4;

  /** From the broker, the answer to HELLO, with the table's descriptor: u32 version. */
  static final int WELCOME = 101;

  /** From the broker: u32 0, u64 generation. VMs came or went: the directory is another. */
  static final int CHANGED = 102;

  /** From the broker, the answer to HAND: u32 how many it has of this connection by now. */
  static final int TAKEN = 103;

  /** From the broker: u32 errno, and a text. Nothing was done; mostly the connection's end. */
  static final int REFUSED = 104;

  static final int VERSION = 1;

  /** No packet is longer, in either direction. */
  static final int BYTES_MAX = 4096;

  static final int NAME_BYTES_MAX = 256;

  private Packets() {}

  static byte[] hello() {
    return packet(8).putInt(HELLO).putInt(VERSION).array();
  }

  static byte[] welcome() {
    return packet(8).putInt(WELCOME).putInt(VERSION).array();
  }

  static byte[] interval(long nanos) {
    return packet(16).putInt(INTERVAL).putInt(0).putLong(nanos).array();
  }

  static byte[] changed(long generation) {
    return packet(16).putInt(CHANGED).putInt(0).putLong(generation).array();
  }

  static byte[] taken(int count) {
    return packet(8).putInt(TAKEN).putInt(count).array();
  }

  static byte[] refused(int errno, String why) {
    byte[] text = why.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(text.length, BYTES_MAX - 8);
    return packet(8 + length).putInt(REFUSED).putInt(errno).put(text, 0, length).array();
  }

  /** {@return for people, what a REFUSED says behind its type} */
  static String whyRefused(ByteBuffer body) {
    if (body.remaining() < Integer.BYTES) {
      return "without a reason";
    }
    String errno = Errno.name(body.getInt());
    byte[] text = new byte[body.remaining()];
    body.get(text);
    return new String(text, StandardCharsets.UTF_8) + " (" + errno + ")";
  }

  private static ByteBuffer packet(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
  }
}
