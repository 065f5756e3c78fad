package io.kvmstats.otlp;

import io.kvmstats.core.text.Text;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What a receiver's answer says, in protobuf: of an ExportMetricsServiceResponse its partial
 * success, of a google.rpc.Status its message. Anybody may have written it: what can't be read is
 * passed over.
 */
final class Answer {
  private static final int PARTIAL_SUCCESS = 1;
  private static final int REJECTED = 1;
  private static final int MESSAGE = 2; // Of both.

  private static final int WIRE_TYPE_BITS = 3;
  private static final int WIRE_TYPE_MASK = 7;
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED32 = 5;

  private static final int GROUP_BITS = 7;
  private static final int GROUP_MASK = 0x7f;

  private static final int CHARACTERS_MAX = 200;

  private long rejected;
  private String message = "";

  private Answer() {}

  /** {@return what an answer to a request that was taken complains of, if anything} */
  static Optional<String> complaint(byte[] body) {
    Answer answer = new Answer();
    answer.read(ByteBuffer.wrap(body), true);
    if (answer.rejected == 0 && answer.message.isEmpty()) {
      return Optional.empty();
    }
    String said = answer.message.isEmpty() ? "" : ": " + answer.message;
    return Optional.of(
        answer.rejected == 0 ? "a warning" + said : "some points were not taken" + said);
  }

  /** {@return why a request was refused; empty when the answer does not say} */
  static String message(byte[] body) {
    Answer answer = new Answer();
    answer.read(ByteBuffer.wrap(body), false);
    return answer.message;
  }

  /** Reads fields as long as they are some. */
  private void read(ByteBuffer bytes, boolean isResponse) {
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      long tag = varint(bytes);
      long field = tag >>> WIRE_TYPE_BITS;
      long value = 0;
      int length = 0;
      switch ((int) (tag & WIRE_TYPE_MASK)) {
        case VARINT -> value = varint(bytes);
        case FIXED64 -> length = Long.BYTES;
        case FIXED32 -> length = Integer.BYTES;
        case LENGTH_DELIMITED -> length = Math.clamp(varint(bytes), -1, Integer.MAX_VALUE);
        default -> length = -1;
      }
      if (length < 0 || length > bytes.remaining()) {
        return;
      }
      ByteBuffer content = bytes.slice(bytes.position(), length);
      bytes.position(bytes.position() + length);
      if (isResponse && field == PARTIAL_SUCCESS) {
        read(content, false);
      } else if (!isResponse && field == REJECTED) {
        rejected = value;
      } else if (!isResponse && field == MESSAGE) {
        message = shown(StandardCharsets.UTF_8.decode(content).toString());
      }
    }
  }

  /** {@return the next number; whatever its bytes say, when they are none} */
  private static long varint(ByteBuffer bytes) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE && bytes.hasRemaining(); shift += GROUP_BITS) {
      byte next = bytes.get();
      value |= (long) (next & GROUP_MASK) << shift;
      if (next >= 0) {
        break;
      }
    }
    return value;
  }

  /** {@return somebody's words as they can be in a log} */
  static String shown(String text) {
    return Text.printable(text.substring(0, Math.min(text.length(), CHARACTERS_MAX)));
  }
}
