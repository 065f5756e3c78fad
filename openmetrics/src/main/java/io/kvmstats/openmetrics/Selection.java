package io.kvmstats.openmetrics;

import java.util.List;
import java.util.regex.Pattern;

/** Which series are exported. */
public final class Selection {
  private final Detail detail;
  private final List<Pattern> allow;
  private final List<Pattern> deny;

  /**
   * Selects.
   *
   * @param detail of what, and how small its parts are
   * @param allow the families that are exported, as patterns of names in which {@code *} stands for
   *     any characters and {@code ?} for one; all when there are none
   * @param deny those that are not, even if allowed
   */
  public Selection(Detail detail, List<String> allow, List<String> deny) {
    this.detail = detail;
    this.allow = allow.stream().map(Selection::pattern).toList();
    this.deny = deny.stream().map(Selection::pattern).toList();
  }

  Detail detail() {
    return detail;
  }

  /** {@return whether a family is exported, by its name with or without {@code _total}} */
  boolean has(Family family) {
    return (allow.isEmpty() || fits(family, allow)) && !fits(family, deny);
  }

  private static boolean fits(Family family, List<Pattern> globs) {
    return globs.stream()
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
