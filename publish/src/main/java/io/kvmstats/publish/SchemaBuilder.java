package io.kvmstats.publish;

import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.util.ArrayList;
import java.util.List;

/**
 * Declares the statistics of a VM or of its vCPUs, in the order that readers list them.
 *
 * <p>A real value is {@code value × 10^exponent} units: nanoseconds are {@link Unit#SECONDS} and
 * -9. Whether the kernel's rules are kept is checked when the schema is published.
 */
public final class SchemaBuilder {
  private final List<Descriptor> declared = new ArrayList<>();

  /** Declares nothing yet. */
  public SchemaBuilder() {}

  /**
   * Declares a count that only grows.
   *
   * @param name up to 47 characters of printable ASCII
   * @return this
   */
  public SchemaBuilder cumulative(String name) {
    return cumulative(name, Unit.NONE, 0);
  }

  /**
   * Declares an amount that only grows.
   *
   * @param name up to 47 characters of printable ASCII
   * @param unit any but {@link Unit#BOOLEAN} and {@link Unit#UNKNOWN}
   * @param exponent of the unit
   * @return this
   */
  public SchemaBuilder cumulative(String name, Unit unit, int exponent) {
    return add(name, StatType.CUMULATIVE, unit, exponent, 1, 0);
  }

  /**
   * Declares a state that goes up and down.
   *
   * @param name up to 47 characters of printable ASCII
   * @param unit any but {@link Unit#UNKNOWN}
   * @param exponent of the unit
   * @return this
   */
  public SchemaBuilder instant(String name, Unit unit, int exponent) {
    return add(name, StatType.INSTANT, unit, exponent, 1, 0);
  }

  /**
   * Declares the largest value so far.
   *
   * @param name up to 47 characters of printable ASCII
   * @param unit any but {@link Unit#UNKNOWN}
   * @param exponent of the unit
   * @return this
   */
  public SchemaBuilder peak(String name, Unit unit, int exponent) {
    return add(name, StatType.PEAK, unit, exponent, 1, 0);
  }

  /**
   * Declares counts of values in buckets of equal width; the last one is open.
   *
   * @param name up to 47 characters of printable ASCII
   * @param unit of the values
   * @param exponent of the unit
   * @param buckets 1 to 65,535
   * @param width of each but the last, in values; unsigned 32 bits, not 0
   * @return this
   */
  public SchemaBuilder linearHistogram(
      String name, Unit unit, int exponent, int buckets, long width) {
    return add(name, StatType.LINEAR_HISTOGRAM, unit, exponent, buckets, width);
  }

  /**
   * Declares counts of values in buckets bounded by powers of two; the last one is open.
   *
   * @param name up to 47 characters of printable ASCII
   * @param unit of the values
   * @param exponent of the unit
   * @param buckets 1 to 65,535; a u64 needs no more than 65
   * @return this
   */
  public SchemaBuilder logHistogram(String name, Unit unit, int exponent, int buckets) {
    return add(name, StatType.LOG_HISTOGRAM, unit, exponent, buckets, 0);
  }

  private SchemaBuilder add(
      String name, StatType type, Unit unit, int exponent, int size, long bucketSize) {
    int flags = Descriptor.flags(type, unit, Base.POW10);
    declared.add(new Descriptor(name, flags, exponent, size, 0, bucketSize));
    return this;
  }

  /**
   * {@return the schema}
   *
   * @throws IllegalArgumentException when two statistics have one name
   */
  public Schema build() {
    return layOut(declared);
  }

  /**
   * Scalars stand together, in their order, and histograms behind them: the binary form, which has
   * no histograms, takes its data from there as it is.
   */
  static Schema layOut(List<Descriptor> declared) {
    long scalar = 0;
    long histogram = declared.stream().filter(d -> !isHistogram(d)).count() * Long.BYTES;
    List<Descriptor> laidOut = new ArrayList<>();
    for (Descriptor d : declared) {
      long offset = isHistogram(d) ? histogram : scalar;
      laidOut.add(
          new Descriptor(d.name(), d.flags(), d.exponent(), d.size(), offset, d.bucketSize()));
      if (isHistogram(d)) {
        histogram += (long) d.size() * Long.BYTES;
      } else {
        scalar += Long.BYTES;
      }
    }
    return new Schema(laidOut);
  }

  private static boolean isHistogram(Descriptor descriptor) {
    return descriptor.type().isHistogram();
  }
}
