package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.guest.Gaps;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What is called a difference between being read and not, and what is not. */
class ComparisonTest {
  private static final long MILLI = 1_000_000;
  private static final Phase NOT_READ = new NotReadPhase();
  private static final Phase OTHER = new NamedPhase("other VM", false, 1000);

  private record NamedPhase(String name, boolean reads, int perSecond) implements Phase {
    @Override
    public void read() {}

    @Override
    public void close() {}
  }

  /** {@return a phase of 10 rounds, of which each has its longest pause and some pauses} */
  private static PhaseResult phase(Phase phase, LongStream longest, long pauses) {
    List<Round> rounds =
        longest
            .mapToObj(nanos -> new Gaps(nanos, List.of(pauses, 0L, 0L), 1_000_000, 500))
            .map(gaps -> new Round(gaps, 10, 100 * MILLI))
            .toList();
    return new PhaseResult(phase, rounds);
  }

  private static LongStream millis(int from) {
    return LongStream.range(from, from + GuestResult.ROUNDS).map(millis -> millis * MILLI);
  }

  private static Comparison compare(PhaseResult result) {
    return Comparison.of(result, phase(NOT_READ, millis(10), 7));
  }

  @Test
  void theSameIsNoDifference() {
    assertThat(compare(phase(OTHER, millis(10), 7)).isDifference()).isFalse();
  }

  @Test
  void shorterPausesAreNoDifference() {
    assertThat(compare(phase(OTHER, millis(1), 3)).isDifference()).isFalse();
  }

  /** The one 900 ms that a busy host makes now and then is nobody's doing. */
  @Test
  void onePauseThatIsMuchLongerIsNoDifference() {
    LongStream longest = LongStream.concat(millis(9).limit(9), LongStream.of(900 * MILLI));
    PhaseResult result = phase(OTHER, longest, 7);
    assertThat(result.longestNanos()).isEqualTo(900 * MILLI);
    assertThat(result.medianLongestNanos()).isEqualTo(14 * MILLI);
    assertThat(compare(result).isDifference()).isFalse();
  }

  @Test
  void longerPausesAreADifference() {
    assertThat(compare(phase(OTHER, millis(18), 7)).isDifference()).isTrue();
  }

  @Test
  void morePausesAreADifference() {
    assertThat(compare(phase(OTHER, millis(10), 8)).isDifference()).isTrue();
  }

  @Test
  void aPhaseIsComparedWithThoseThatDidNoMore() {
    Phase slower = new NamedPhase("attach", true, 10);
    Phase sweep = new NamedPhase("dup", true, 1000);
    PhaseResult notRead = phase(NOT_READ, millis(10), 7);
    PhaseResult other = phase(OTHER, millis(10), 7);
    PhaseResult read = phase(sweep, millis(10), 7);
    PhaseResult seldom = phase(slower, millis(10), 7);
    GuestResult guest =
        new GuestResult("a VMM", List.of(notRead, other, read, seldom), OptionalLong.empty());
    assertThat(guest.comparisons(notRead)).isEmpty();
    assertThat(guest.comparisons(other)).extracting(Comparison::with).containsExactly(NOT_READ);
    assertThat(guest.comparisons(read))
        .extracting(Comparison::with)
        .containsExactly(NOT_READ, OTHER);
    assertThat(guest.comparisons(seldom)).extracting(Comparison::with).containsExactly(NOT_READ);
  }
}
