package io.kvmstats.openmetrics;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Series of one name and meaning.
 *
 * @param name as OpenMetrics has it: a counter's without {@code _total}
 * @param kind what its numbers are
 * @param unit what its name ends with, without the underscore; empty of a plain number
 * @param help a sentence
 */
record Family(String name, Kind kind, String unit, String help) {

  /** {@return the name that its series have, and all formats but OpenMetrics call it by} */
  String seriesName() {
    return switch (kind) {
      case COUNTER -> name + "_total";
      case INFO -> name + "_info";
      default -> name;
    };
  }

  /** {@return every name that is taken by it, whether or not a sample has it} */
  List<String> names() {
    return Stream.concat(
            Stream.of(name), kind.sampleSuffixes().stream().map(suffix -> name + suffix))
        .toList();
  }

  /** {@return whether a scrape that asks for these names wants it; for none it wants all} */
  boolean isAnyOf(Set<String> wanted) {
    return wanted.isEmpty() || names().stream().anyMatch(wanted::contains);
  }

  /** {@return whether both can be one family, whatever they say of themselves} */
  boolean isLike(Family other) {
    return name.equals(other.name) && kind == other.kind && unit.equals(other.unit);
  }
}
