package io.kvmstats.cli;

import io.kvmstats.guest.GapMeter;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a guest said of all phases.
 *
 * @param vmm whose guest it is, for people
 * @param phases the first is the one in which nothing was done
 * @param firstAttachNanos the longest pause when this process attached for the first time
 */
record GuestResult(String vmm, List<PhaseResult> phases, OptionalLong firstAttachNanos) {
  /** So many that two samples can differ by more than chance allows, however short they are. */
  static final int ROUNDS = 10;

  /**
   * Runs the phases in turn, so that what else goes on on this host falls on all alike.
   *
   * @param each how long each phase is to last, in all its rounds
   */
  static GuestResult measure(
      String vmm, GapMeter meter, List<Phase> phases, OptionalLong firstAttach, Duration each)
      throws IOException {
    List<List<Round>> rounds = new ArrayList<>();
    phases.forEach(_ -> rounds.add(new ArrayList<>()));
    for (int round = 0; round < ROUNDS; round++) {
      for (int turn = 0; turn < phases.size(); turn++) {
        int phase = (round + turn) % phases.size(); // None is always the first.
        rounds.get(phase).add(Round.run(phases.get(phase), meter, each.dividedBy(ROUNDS)));
      }
    }
    List<PhaseResult> results = new ArrayList<>();
    for (int phase = 0; phase < phases.size(); phase++) {
      results.add(new PhaseResult(phases.get(phase), List.copyOf(rounds.get(phase))));
    }
    return new GuestResult(vmm, List.copyOf(results), firstAttach);
  }

  /** {@return half of all gaps are shorter than this while nothing is done} */
  long medianGapNanos() {
    return phases.getFirst().medianGapNanos();
  }

  /**
   * {@return a phase beside each in which no VM was read, and no more often was anything else done}
   */
  List<Comparison> comparisons(PhaseResult result) {
    return phases.stream()
        .filter(other -> !other.phase().reads() && !other.equals(result))
        .filter(other -> other.phase().perSecond() <= result.phase().perSecond())
        .map(other -> Comparison.of(result, other))
        .toList();
  }
}
