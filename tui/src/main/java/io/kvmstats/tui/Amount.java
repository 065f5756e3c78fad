package io.kvmstats.tui;

/**
 * A number that can be added up over vCPUs and VMs: a sum, or a mean or ratio that stays exact.
 *
 * @param sum what was added up
 * @param weight what the sum is divided by, in the end
 * @param known how many objects had it
 * @param unknown how many should have had it, and could not be read
 */
record Amount(double sum, double weight, int known, int unknown) {
  /** Of objects that have no such number. */
  static final Amount NONE = new Amount(0, 0, 0, 0);

  static final Amount UNKNOWN = new Amount(0, 0, 0, 1);

  static Amount of(double sum, double weight) {
    return new Amount(sum, weight, 1, 0);
  }

  Amount plus(Amount other) {
    return new Amount(
        sum + other.sum, weight + other.weight, known + other.known, unknown + other.unknown);
  }

  /** {@return the number over all objects, NaN when any of them is unknown} */
  double value() {
    return unknown > 0 ? Double.NaN : ofKnown();
  }

  /** {@return the number over those objects that are known, NaN when none is} */
  double ofKnown() {
    return known == 0 || weight == 0 ? Double.NaN : sum / weight;
  }
}
