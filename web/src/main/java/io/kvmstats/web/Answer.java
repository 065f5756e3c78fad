package io.kvmstats.web;

import java.nio.charset.StandardCharsets;

/**
 * What a client gets. The body is shared by all who get it: nobody writes to it.
 *
 * @param status HTTP's
 * @param type of the body, for the Content-Type header
 * @param body as it is, or compressed by gzip: who takes no gzip has it unpacked while it is sent
 * @param unpackedBytes how long a compressed body is when it is unpacked; {@link #PLAIN} for one
 *     that is not compressed
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; it goes to a socket.
public record Answer(int status, String type, byte[] body, long unpackedBytes) {
  /** The body is what is sent. */
  public static final long PLAIN = -1;

  /**
   * {@return a line of text}
   *
   * @param status HTTP's
   * @param line without its end
   */
  public static Answer text(int status, String line) {
    byte[] body = (line + "\n").getBytes(StandardCharsets.UTF_8);
    return new Answer(status, "text/plain; charset=utf-8", body, PLAIN);
  }

  boolean isGzipped() {
    return unpackedBytes != PLAIN;
  }
}
