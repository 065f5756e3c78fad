package io.kvmstats.web;

import java.util.IdentityHashMap;

/**
 * The answers that are being sent: whoever takes theirs slowly keeps them in memory. One that
 * several get counts once. Any thread.
 */
final class InFlight {
  private final long bytesMax;
  private final IdentityHashMap<byte[], Integer> takers = new IdentityHashMap<>();
  private long bytes;

  InFlight(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  /** {@return whether there was room for another, and it has it; one alone there always is} */
  synchronized boolean begin(byte[] body) {
    if (bytes > 0 && !takers.containsKey(body) && bytes + body.length > bytesMax) {
      return false;
    }
    count(body);
    return true;
  }

  /** Says that somebody takes it, whether there is room or not. */
  synchronized void count(byte[] body) {
    if (takers.merge(body, 1, Integer::sum) == 1) {
      bytes += body.length;
    }
  }

  /** Says that one who took it does no more. */
  synchronized void end(byte[] body) {
    if (takers.merge(body, -1, Integer::sum) == 0) {
      takers.remove(body);
      bytes -= body.length;
    }
  }
}
