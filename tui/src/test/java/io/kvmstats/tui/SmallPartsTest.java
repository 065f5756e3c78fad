package io.kvmstats.tui;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers, pictures of numbers, pieces of lines. */
class SmallPartsTest {
  @Test
  void namesAreInTheOrderOfTheirNumbers() {
    List<String> ordered =
        List.of(
            "",
            "VM",
            "vCPU 9",
            "vCPU 10",
            "vm-007",
            "vm-8",
            "vm-8a",
            "vm-10",
            "vm-10-2",
            "vm-10-10",
            "vm-99999999999999999999998",
            "vm-99999999999999999999999",
            "vm-x");
    List<String> shuffled = new ArrayList<>(ordered);
    Collections.shuffle(shuffled, new Random(1));
    shuffled.sort(NaturalOrder.COMPARATOR);
    assertThat(shuffled).isEqualTo(ordered);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-0.0, 0",
    "0.25, 0.3",
    "7, 7",
    "7.3, 7.3",
    "99.94, 99.9",
    "99.95, 100",
    "999.4, 999",
    "999.5, 1.00k",
    "1000, 1.00k",
    "9994, 9.99k",
    "9995, 10.0k",
    "99949, 99.9k",
    "99950, 100k",
    "999499, 999k",
    "999500, 1.00M",
    "18446744073709551615, 18.4E",
    "-1500, -1.50k",
  })
  void numbersHaveThreeDigits(double value, String text) {
    assertThat(Numbers.scaled(value)).isEqualTo(text);
  }

  /** Not one that is rounded up to four digits, or to 1000 of a unit. */
  @Test
  void noNumberTakesMoreThanFiveCharacters() {
    for (double value = 0.011; value < 1.8e19; value *= 1.0007) {
      assertThat(Numbers.scaled(value)).hasSizeLessThanOrEqualTo(5).doesNotContain("1000");
    }
  }

  @Test
  void whatIsUnknownIsADash() {
    assertThat(Cell.count(Double.NaN).text()).isEqualTo("–");
    assertThat(Cell.share(Double.NaN).text()).isEqualTo("–");
    assertThat(Cell.count(0).text()).isEqualTo("0");
  }

  @Test
  void amounts() {
    Amount sum = Amount.of(3, 4).plus(Amount.of(1, 4)).plus(Amount.NONE);
    assertThat(sum.value()).isEqualTo(0.5);
    assertThat(sum.plus(Amount.UNKNOWN).value()).isNaN();
    assertThat(sum.plus(Amount.UNKNOWN).ofKnown()).isEqualTo(0.5);
    assertThat(Amount.NONE.ofKnown()).isNaN();
    assertThat(Amount.UNKNOWN.ofKnown()).isNaN();
    assertThat(Amount.of(0, 0).value()).isNaN(); // No polls: no ratio of them.
  }

  @Test
  void sparklines() {
    double unknown = Double.NaN;
    assertThat(Sparkline.of(new double[] {0, 1, 2, 4, 8}, 5)).isEqualTo("▁▁▂▄█");
    assertThat(Sparkline.of(new double[] {0, 0}, 2)).isEqualTo("▁▁");
    assertThat(Sparkline.of(new double[] {unknown, 5, unknown}, 3)).isEqualTo(" █ ");
    assertThat(Sparkline.of(new double[] {1, 3, unknown, 4}, 2)).isEqualTo("▄█");
    assertThat(Sparkline.of(new double[] {0x1p64, 1e-300}, 2)).isEqualTo("█▁");
    assertThat(Sparkline.of(new double[0], 3)).isEqualTo("   ");
    assertThat(Sparkline.of(new double[] {1}, 0)).isEmpty();
  }

  @Test
  void bars() {
    assertThat(Sparkline.bar(0, 10, 8)).isEmpty();
    assertThat(Sparkline.bar(10, 10, 8)).isEqualTo("████████");
    assertThat(Sparkline.bar(5, 10, 5)).isEqualTo("██▌");
    // More than nothing is seen.
    assertThat(Sparkline.bar(1, 0x1p64, 8)).isEqualTo("▏");
    assertThat(Sparkline.bar(0x1p64, 0x1p64, 300)).hasSize(300);
  }

  @Test
  void shades() {
    for (int highest = 1; highest <= 64; highest++) {
      assertThat(Sparkline.shade(-1, highest)).isEqualTo(' ');
      assertThat(Sparkline.shade(0, highest)).isEqualTo(' ');
      assertThat(Sparkline.shade(highest, highest)).isEqualTo('█');
      for (int level = 1; level < highest; level++) {
        assertThat(" ░▒▓█".indexOf(Sparkline.shade(level, highest)))
            .isBetween(1, " ░▒▓█".indexOf(Sparkline.shade(level + 1, highest)));
      }
    }
  }

  @Test
  void aTrackRemembersTheLastSweeps() {
    Track track = new Track();
    assertThat(track.last(Metric.CPU, Track.LENGTH)).containsOnly(Double.NaN);
    assertThat(track.growth("h", 0, 1)).isEqualTo(-1);
    for (int sweep = 0; sweep < 3 * Track.LENGTH; sweep++) {
      track.advance();
      if (sweep % 5 != 0) {
        track.put(Metric.CPU, sweep);
        track.putGrowth("h", new long[] {0, 1, sweep, -1L});
      }
    }
    double[] last = track.last(Metric.CPU, Track.LENGTH);
    for (int i = 0; i < last.length; i++) {
      int sweep = 2 * Track.LENGTH + i;
      int ago = Track.LENGTH - i;
      // What was not read at that sweep is not what was read a round before.
      assertThat(last[i]).isEqualTo(Double.valueOf(sweep % 5 == 0 ? Double.NaN : sweep));
      assertThat(track.growth("h", 2, ago))
          .isEqualTo(sweep % 5 == 0 ? -1 : Integer.SIZE - Integer.numberOfLeadingZeros(sweep));
    }
    assertThat(track.last(Metric.CPU, 2)).containsExactly(Arrays.copyOfRange(last, 118, 120));
    assertThat(track.last(Metric.STEAL, Track.LENGTH)).containsOnly(Double.NaN);
    assertThat(track.growth("h", 0, 1)).isZero();
    assertThat(track.growth("h", 1, 1)).isEqualTo(1);
    assertThat(track.growth("h", 3, 1)).isEqualTo(64);
    assertThat(track.growth("h", 4, 1)).isEqualTo(-1);
    assertThat(track.growth("other", 0, 1)).isEqualTo(-1);
  }

  @Test
  void aLineIsAsWideAsAskedFor() {
    Line line = new Line().add("a日", Style.BAD).add("bc");
    assertThat(line.width()).isEqualTo(5);
    assertThat(line.fit(5, Style.PLAIN).text()).isEqualTo("a日bc");
    assertThat(line.fit(6, Style.PLAIN).text()).isEqualTo("a日bc ");
    // Half of a character is a space, and what comes behind it does not take its place.
    assertThat(line.fit(2, Style.PLAIN).text()).isEqualTo("a ");
    assertThat(line.fit(0, Style.PLAIN).text()).isEmpty();
    assertThat(Line.pad("日本", 3, true)).isEqualTo(" 日");
    assertThat(Line.cut("e\u0301x", 1)).isEqualTo("e\u0301");
  }
}
