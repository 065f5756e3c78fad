package io.kvmstats.discover;

import java.util.Optional;
import java.util.UUID;

/**
 * A VM's UUID, and who says so.
 *
 * @param value never the nil UUID, which is QEMU's word for none
 * @param origin where it comes from, such as {@code -uuid}
 */
public record VmUuid(UUID value, String origin) {
  private static final UUID NIL = new UUID(0, 0);

  /**
   * {@return the UUID that a text is, in the one form that VMMs accept: 8-4-4-4-12 digits}
   *
   * @param text of any length
   * @param origin where it comes from
   */
  public static Optional<VmUuid> parse(String text, String origin) {
    if (text.length() != NIL.toString().length()) {
      return Optional.empty();
    }
    try {
      UUID value = UUID.fromString(text);
      // What it accepts besides, such as 1-1-1-1-1, reads otherwise when it is written again.
      boolean isWhole = value.toString().equalsIgnoreCase(text);
      return isWhole && !value.equals(NIL)
          ? Optional.of(new VmUuid(value, origin))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
