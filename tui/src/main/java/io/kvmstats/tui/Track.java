package io.kvmstats.tui;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * What a row of the screen showed over the last sweeps: its metrics, and each histogram's growth.
 *
 * <p>A histogram's is kept as the logarithm of each bucket's growth, a byte each: what a heat map
 * can show, at a price that 2,000 vCPUs can have.
 */
final class Track {
  /** How many sweeps are remembered: two minutes, at one per second. */
  static final int LENGTH = 120;

  /** Of a sweep at which a histogram could not be read. */
  private static final byte[] UNKNOWN = {};

  private final Map<Metric, float[]> values = new EnumMap<>(Metric.class);
  private final Map<String, byte[][]> heat = new HashMap<>();
  private int next;

  Track() {
    for (Metric metric : Metric.values()) {
      float[] unknown = new float[LENGTH];
      Arrays.fill(unknown, Float.NaN);
      values.put(metric, unknown);
    }
  }

  /** Goes on to the next sweep, of which nothing is known yet. */
  void advance() {
    next = (next + 1) % LENGTH;
    values.values().forEach(metric -> metric[newest()] = Float.NaN);
    heat.values().forEach(map -> map[newest()] = UNKNOWN);
  }

  private int newest() {
    return (next + LENGTH - 1) % LENGTH;
  }

  void put(Metric metric, double value) {
    of(metric)[newest()] = (float) value;
  }

  void putGrowth(String histogram, long[] growth) {
    byte[] levels = new byte[growth.length];
    for (int i = 0; i < growth.length; i++) {
      levels[i] = (byte) (Long.SIZE - Long.numberOfLeadingZeros(growth[i]));
    }
    heat.computeIfAbsent(histogram, name -> new byte[LENGTH][0])[newest()] = levels;
  }

  /** {@return a metric at the last sweeps, the newest last, NaN where it was unknown} */
  double[] last(Metric metric, int sweeps) {
    double[] last = new double[sweeps];
    for (int i = 0; i < sweeps; i++) {
      last[i] = of(metric)[index(sweeps - i)];
    }
    return last;
  }

  /**
   * {@return how much a bucket grew at one of the last sweeps: 0 for not at all, n for less than
   * 2^n, -1 for unknown}
   *
   * @param ago 1 for the newest sweep
   */
  int growth(String histogram, int bucket, int ago) {
    byte[][] map = heat.get(histogram);
    byte[] levels = map == null ? UNKNOWN : map[index(ago)];
    return bucket < levels.length ? levels[bucket] : -1;
  }

  private float[] of(Metric metric) {
    return Objects.requireNonNull(values.get(metric));
  }

  private int index(int ago) {
    return (next + LENGTH - ago) % LENGTH;
  }
}
