package io.kvmstats.openmetrics;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Which series are exported.
 *
 * @param detail of what, and how small its parts are
 * @param allow the families that are, as patterns of names in which {@code *} stands for any
 *     characters and {@code ?} for one; all when there are none
 * @param deny those that are not, even if allowed
 */
public record Selection(Detail detail, List<String> allow, List<String> deny) {
  /** Takes copies. */
  public Selection {
    allow = List.copyOf(allow);
    deny = List.copyOf(deny);
  }

  /** {@return whether a family is exported, by its name with or without {@code _total}} */
  boolean has(Family family) {
    return (allow.isEmpty() || fits(family, allow)) && !fits(family, deny);
  }

  private static boolean fits(Family family, List<String> globs) {
    return globs.stream()
        .map(Selection::pattern)
        .anyMatch(glob ->
            glob.matcher(family.name()).matches() || glob.matcher(family.seriesName()).matches());
  }

  private static Pattern pattern(String glob) {
    StringBuilder pattern = new StringBuilder();
    for (String part : glob.split("(?<=[*?])|(?=[*?])", -1)) {
      pattern.append(
          switch (part) {
            case "*" -> ".*";
            case "?" -> ".";
            default -> Pattern.quote(part);
          });
    }
    return Pattern.compile(pattern.toString());
  }
}
