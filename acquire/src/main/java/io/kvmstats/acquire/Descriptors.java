package io.kvmstats.acquire;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.OpenFiles;
import java.io.IOException;

/**
 * How many of the descriptors that this process may have open are for reading statistics: most.
 *
 * <p>The rest stays free for looking for VMs, which takes one per VMM: a VMM that can't be looked
 * at for want of one would seem to have ended. A new descriptor's number tells how many are open at
 * least, since the kernel gives the lowest that is free.
 */
final class Descriptors {
  /** Nobody has fewer; up to the share of these the limit is not asked for. */
  private static final int LEAST = 64;

  private static volatile int limit = LEAST;

  private Descriptors() {}

  /**
   * Checks that there is one for a source of statistics: up to three quarters.
   *
   * @param fd just opened
   * @throws IOException when there is none, and the limit can't be raised
   */
  static void expectRoom(Fd fd) throws IOException {
    if (!fits(fd.number(), 3)) {
      throw new IOException(
          "three quarters of the "
              + limit
              + " descriptors that this process may have open are used, and the rest is kept for"
              + " finding VMs: raise the limit (ulimit -Hn, LimitNOFILE=)");
    }
  }

  /**
   * {@return whether there is one for what stands beside a source: up to half}
   *
   * @param number of one that was just opened
   */
  static boolean hasRoomBeside(int number) throws IOException {
    return fits(number, 2);
  }

  private static boolean fits(int number, int quarters) throws IOException {
    if (number < (long) limit * quarters / 4) {
      return true;
    }
    limit = OpenFiles.raise();
    return number < (long) limit * quarters / 4;
  }
}
