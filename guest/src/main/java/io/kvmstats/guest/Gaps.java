package io.kvmstats.guest;

import java.util.List;

/**
 * When a guest did not run, by its own account of a time: the gaps between one reading of its
 * time-stamp counter and the next.
 *
 * @param longestNanos the longest gap; at least so long when it is {@link GapMeter#limitNanos}
 * @param pauses how many gaps were at least as long as each of the {@link GapMeter#thresholds}
 * @param readings how often the guest read its counter
 * @param medianNanos half of all gaps are shorter than this: what the guest can tell from none.
 *     Never too small, and less than twice too large
 */
public record Gaps(long longestNanos, List<Long> pauses, long readings, long medianNanos) {

  /** Copies the list. */
  public Gaps {
    pauses = List.copyOf(pauses);
  }
}
