package io.kvmstats.qmp;

import java.io.IOException;

/** Bytes that are no QMP, or no answer to what was asked; the message says what is wrong. */
final class MalformedAnswerException extends IOException {
  private static final long serialVersionUID = 1L;

  MalformedAnswerException(String message) {
    super(message);
  }

  MalformedAnswerException(String message, Throwable cause) {
    super(message, cause);
  }
}
