package io.kvmstats.web;

import java.nio.charset.StandardCharsets;

/**
 * What a client gets. The body is shared by all who get it: nobody writes to it.
 *
 * @param status HTTP's
 * @param type of the body, for the Content-Type header
 * @param body as it is sent
 * @param isGzipped whether the body is compressed
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; it goes to a socket.
public record Answer(int status, String type, byte[] body, boolean isGzipped) {
  /**
   * {@return a line of text}
   *
   * @param status HTTP's
   * @param line without its end
   */
  public static Answer text(int status, String line) {
    byte[] body = (line + "\n").getBytes(StandardCharsets.UTF_8);
    return new Answer(status, "text/plain; charset=utf-8", body, false);
  }
}
