package io.kvmstats.micrometer;

import org.jspecify.annotations.Nullable;

/**
 * Meters of one name and meaning.
 *
 * @param name by Micrometer's convention: words with dots between them
 * @param isCounter whether it only grows; else it is a gauge
 * @param unit the base unit, of more than a plain number
 * @param help a sentence, where something is known
 */
record Family(String name, boolean isCounter, @Nullable String unit, @Nullable String help) {
  /** What no name ends with, since registries put it there, or take it for something other. */
  static final String ENDS = "total|bucket|info|sum|count|max|seconds|bytes|cycles";

  /**
   * {@return the name with the unit, and without what Prometheus's registry takes from its end: two
   * families of different keys are not one to it. A statistic of KVM's ends with "created"}
   */
  String key() {
    String plain = name.replaceFirst("(\\.(created|" + ENDS + "))+$", "");
    return unit == null ? plain : plain + "." + unit;
  }

  /** {@return whether both can be one family, whatever they say of themselves} */
  boolean isLike(Family other) {
    return key().equals(other.key()) && isCounter == other.isCounter;
  }
}
