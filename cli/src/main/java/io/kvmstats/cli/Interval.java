package io.kvmstats.cli;

import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Turns seconds on the command line into a time between sweeps. */
final class Interval implements ITypeConverter<Duration> {
  private static final double SECONDS_MIN = 0.01;
  private static final double SECONDS_MAX = 86_400;
  private static final double NANOS_PER_SECOND = 1e9;

  @Override
  public Duration convert(String text) {
    double seconds;
    try {
      seconds = Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new TypeConversionException("'" + text + "' is no number of seconds");
    }
    if (!(seconds >= SECONDS_MIN && seconds <= SECONDS_MAX)) {
      throw new TypeConversionException(
          "'" + text + "' is not between " + SECONDS_MIN + " and " + SECONDS_MAX + " seconds");
    }
    return Duration.ofNanos((long) (seconds * NANOS_PER_SECOND));
  }
}
