package io.kvmstats.core.statsfd;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.StatsFileRules.Violation;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each rule is kept by the kernel, and each way of breaking it is named with its place. */
class StatsFileRulesTest {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private static byte[] encode(Descriptor descriptor) {
    Schema schema = new Schema(List.of(descriptor));
    MemorySegment data = MemorySegment.ofArray(new byte[(int) schema.dataBytes()]);
    return StatsFileEncoder.encode("kvm-1", schema, data, ORDER);
  }

  private static List<Violation> check(byte[] file) throws IOException {
    return StatsFileRules.check(ByteSource.of(MemorySegment.ofArray(file)), ORDER);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vm", "vcpu"})
  void theKernelKeepsAllRules(String file) throws IOException {
    String name = "linux-6.18-x86_64-" + file + ".bin";
    try (InputStream in = StatsFileRulesTest.class.getResourceAsStream(name)) {
      assertThat(check(in.readAllBytes())).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0x005, 0, 1, 0, the type is one of the kernel's, type 5",
    "0x050, 0, 1, 0, the unit is one of the kernel's, unit 5",
    "0x200, 0, 1, 0, the base is one of the kernel's, base 2",
    "0x1000, 0, 1, 0, flags above bit 11 are 0, flags 0x1000",
    "0x000, -1, 1, 0, 'the exponent of a count, of bytes and cycles is not negative', -1",
    "0x010, -1, 1, 0, 'the exponent of a count, of bytes and cycles is not negative', -1",
    "0x020, 1, 1, 0, the exponent of seconds is not positive, 1",
    "0x041, 2, 1, 0, the exponent of a boolean is 0, 2",
    "0x044, 0, 2, 0, a histogram of booleans is linear, a log histogram",
    "0x043, 0, 3, 1, a histogram of booleans has two buckets, 3 buckets",
    "0x000, 0, 2, 0, only a histogram has more than one value, 2 values",
    "0x004, 0, 9, 5, only a linear histogram has a bucket_size, 5",
  })
  void aBrokenRuleIsNamed(
      String flags, int exponent, int size, long bucketSize, String rule, String found)
      throws IOException {
    byte[] file =
        encode(new Descriptor("stat", Integer.decode(flags), exponent, size, 0, bucketSize));
    assertThat(check(file)).containsExactly(new Violation(rule, "stat", found));
  }

  @Test
  void theIdIsKvms() throws IOException {
    Schema schema = new Schema(List.of(new Descriptor("stat", 0, 0, 1, 0, 0)));
    MemorySegment data = MemorySegment.ofArray(new byte[8]);
    for (String id : List.of("mine", "")) {
      assertThat(check(StatsFileEncoder.encode(id, schema, data, ORDER)))
          .containsExactly(
              new Violation("the id starts with kvm", "id", id.isEmpty() ? "nothing" : id));
    }
  }

  @Test
  void valuesHaveNoHolesBetweenThem() throws IOException {
    Descriptor far = new Descriptor("far", 0, 0, 1, 64, 0);
    assertThat(check(encode(far)))
        .containsExactly(
            new Violation(
                "the values lie in as many bytes as their sizes add up to",
                "far",
                "data offset 64 of 8"));
  }

  @Test
  void aBooleanOfAFileIsLookedAtToo() throws IOException {
    Schema schema = new Schema(List.of(new Descriptor("flag", 0x41, 0, 1, 0, 0)));
    for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
      byte[] seven = new byte[8];
      seven[order == ByteOrder.BIG_ENDIAN ? 7 : 0] = 7;
      byte[] file = StatsFileEncoder.encode("kvm-1", schema, MemorySegment.ofArray(seven), order);
      assertThat(StatsFileRules.check(ByteSource.of(MemorySegment.ofArray(file)), order))
          .containsExactly(new Violation("a boolean is 0 or 1", "flag", "7"));
    }
  }

  @Test
  void aLayoutThatCannotBeDecodedIsOneViolation() throws IOException {
    assertThat(check(new byte[10]))
        .singleElement()
        .satisfies(violation -> assertThat(violation.found()).contains("byte 10 is missing"));
  }

  @Test
  void readsAreHeldToPreadsRules() throws IOException {
    byte[] file = encode(new Descriptor("stat", 0, 0, 1, 0, 0));
    ByteSource good = ByteSource.of(MemorySegment.ofArray(file));
    ByteSource shortReads =
        (offset, into) -> good.read(offset, into.byteSize() == 7 ? into.asSlice(0, 6) : into);
    assertThat(StatsFileRules.check(shortReads, ORDER))
        .extracting(Violation::rule)
        .containsExactly("a read is short only at the end of the file");
    ByteSource restless =
        (offset, into) -> {
          long n = good.read(offset, into);
          if (into.byteSize() == 13 && offset < 60) {
            into.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 0, (byte) 99);
          }
          return n;
        };
    assertThat(StatsFileRules.check(restless, ORDER))
        .extracting(Violation::rule)
        .containsExactly("what is before the data never changes");
    ByteSource endless = (offset, into) -> offset > file.length ? 8 : good.read(offset, into);
    assertThat(StatsFileRules.check(endless, ORDER))
        .extracting(Violation::rule)
        .containsExactly("a read behind the end gives 0 bytes");
    // What a later kernel has behind the data is no mistake, and the end is behind it.
    byte[] longer = Arrays.copyOf(file, file.length + 100);
    assertThat(check(longer)).isEmpty();
    ByteSource noEnd =
        (offset, into) -> offset < file.length ? good.read(offset, into) : into.byteSize();
    assertThat(StatsFileRules.check(noEnd, ORDER))
        .extracting(Violation::rule)
        .containsExactly("a read behind the end gives 0 bytes");
    ByteSource allOrNothing =
        (offset, into) -> offset + into.byteSize() > file.length ? 0 : good.read(offset, into);
    assertThat(StatsFileRules.check(allOrNothing, ORDER))
        .extracting(Violation::rule)
        .containsExactly("a read across the end gives what is before it");
  }

  @Test
  void valuesMoveAsTheirTypesSay() {
    Schema schema =
        new Schema(
            List.of(
                new Descriptor("counted", 0, 0, 1, 0, 0),
                new Descriptor("peak", 2, 0, 1, 8, 0),
                new Descriptor("now", 1, 0, 1, 16, 0),
                new Descriptor("flag", 0x41, 0, 1, 24, 0),
                new Descriptor("hist", 4, 0, 2, 32, 0)));
    Sample before = sample(schema, 10, 10, 10, 1, 5, 5);
    assertThat(StatsFileRules.checkMoves(before, sample(schema, 11, 10, 3, 0, 5, 6))).isEmpty();
    assertThat(StatsFileRules.checkMoves(before, sample(schema, 9, 9, 9, 2, 5, 4)))
        .containsExactly(
            new Violation("a cumulative or peak value never falls", "counted", "10, then 9"),
            new Violation("a cumulative or peak value never falls", "peak", "10, then 9"),
            new Violation("a boolean is 0 or 1", "flag", "2"),
            new Violation("a cumulative or peak value never falls", "hist[1]", "5, then 4"));
    assertThat(StatsFileRules.checkMoves(before, sample(schema, 10, 10, 10, 1)))
        .containsExactly(new Violation("every value can be read", "hist[0]", "it was absent"));
  }

  private static Sample sample(Schema schema, long... values) {
    return new Sample(schema, 0, 0, MemorySegment.ofArray(values), ByteOrder.nativeOrder());
  }
}
