package io.kvmstats.cli;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Unsigned;
import io.kvmstats.core.text.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToLongFunction;

/** A histogram as rows of text: the buckets that counted anything, with bounds and bars. */
final class Histogram {
  /** What a histogram's total is counted in. */
  static final String SAMPLES = "samples";

  private static final int BAR_LENGTH_MAX = 40;

  private Histogram() {}

  /**
   * {@return a row for the name and the number of samples, then one per bucket that is not empty}
   *
   * @param name as it is to be shown
   * @param descriptor a histogram's
   * @param counts each bucket's, unsigned
   */
  static List<List<String>> rows(String name, Descriptor descriptor, IntToLongFunction counts) {
    long total = 0;
    long highest = 0;
    for (int i = 0; i < descriptor.size(); i++) {
      long count = counts.applyAsLong(i);
      total += count;
      highest = Long.compareUnsigned(count, highest) > 0 ? count : highest;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of(name, Long.toUnsignedString(total), SAMPLES));
    for (int i = 0; i < descriptor.size(); i++) {
      long count = counts.applyAsLong(i);
      if (count != 0) {
        int bar =
            (int) Math.ceil(Unsigned.toDouble(count) / Unsigned.toDouble(highest) * BAR_LENGTH_MAX);
        rows.add(
            List.of(
                "    " + Text.bucket(descriptor, i),
                Long.toUnsignedString(count),
                "#".repeat(bar)));
      }
    }
    return rows;
  }
}
