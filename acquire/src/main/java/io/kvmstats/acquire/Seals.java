package io.kvmstats.acquire;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Memfd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a published stats file must be sealed against before it is read.
 *
 * <p>Seals are the file's, for good, and whoever has it open sees the same. With all of them a read
 * neither blocks nor comes up short one day, and nobody but the publisher, by the mapping it made
 * before, changes a byte.
 */
final class Seals {
  private static final List<Seal> NEEDED =
      List.of(
          new Seal(Memfd.F_SEAL_SHRINK, "F_SEAL_SHRINK"),
          new Seal(Memfd.F_SEAL_GROW, "F_SEAL_GROW"),
          new Seal(Memfd.F_SEAL_FUTURE_WRITE, "F_SEAL_FUTURE_WRITE"),
          new Seal(Memfd.F_SEAL_SEAL, "F_SEAL_SEAL"));

  private record Seal(int bit, String name) {}

  private Seals() {}

  /**
   * Checks a file.
   *
   * @param fd our own, so that what was looked at is what will be read
   * @throws IOException when it is no memfd or lacks a seal, saying which and what to do
   */
  static void check(Fd fd) throws IOException {
    int seals;
    try {
      seals = Memfd.seals(fd);
    } catch (LinuxException e) {
      throw new IOException("only the name is a memfd's: " + e.getMessage(), e);
    }
    List<String> missing = new ArrayList<>();
    for (Seal seal : NEEDED) {
      if ((seals & seal.bit) == 0) {
        missing.add(seal.name);
      }
    }
    if (!missing.isEmpty()) {
      throw new IOException(
          "published without "
              + String.join(", ", missing)
              + ": whoever publishes it has to add all four seals when it has mapped it (see"
              + " docs/publishing.md)");
    }
  }
}
