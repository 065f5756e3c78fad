package io.kvmstats.openmetrics;

import io.kvmstats.core.model.Scale;
import java.io.IOException;

/** A format: told family by family, and of each family series by series. */
interface Output {
  /** The time when something was created, where it isn't known. */
  long UNKNOWN_TIME = Long.MIN_VALUE;

  /** Goes on to a family, which is left out when nothing is said of it. */
  void begin(Family family);

  /**
   * Says a series that is one number.
   *
   * @param raw unsigned
   * @param createdMillis since when it counts, in ms since 1970; of counters
   */
  void value(Labels labels, long raw, Scale scale, long createdMillis) throws IOException;

  /**
   * Says a histogram.
   *
   * @param histogram read before the next one is
   * @param createdMillis as above
   */
  void histogram(Labels labels, Histogram histogram, long createdMillis) throws IOException;

  /** Ends the family. */
  void end() throws IOException;

  /** Ends the document. */
  void finish() throws IOException;
}
