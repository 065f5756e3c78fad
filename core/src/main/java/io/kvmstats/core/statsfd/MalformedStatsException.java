package io.kvmstats.core.statsfd;

import java.io.IOException;

/** Bytes that are not a stats file this version can read; the message says what is wrong, where. */
public final class MalformedStatsException extends IOException {
  private static final long serialVersionUID = 1L;

  MalformedStatsException(String message) {
    super(message);
  }
}
