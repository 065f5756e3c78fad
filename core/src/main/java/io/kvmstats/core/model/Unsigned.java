package io.kvmstats.core.model;

/** Arithmetic on unsigned 64-bit numbers that the JDK does not have. */
public final class Unsigned {
  private Unsigned() {}

  /**
   * {@return the nearest double, give or take one step}
   *
   * @param value unsigned
   */
  public static double toDouble(long value) {
    return value >= 0 ? value : ((value >>> 1) | (value & 1)) * 2.0;
  }
}
