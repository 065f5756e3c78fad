package io.kvmstats.core.statsfd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.ReferenceDecoder.Decoded;
import io.kvmstats.core.statsfd.ReferenceDecoder.Stat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/** What holds of any bytes: both decoders refuse them, or both find the same in them. */
final class Agreement {
  /** StatsFileEncoder writes names of the kernel's length only. */
  private static final int LONGEST_ENCODED_NAME = 47;

  private Agreement() {}

  /**
   * Checks that the decoders agree.
   *
   * @param what for messages
   * @return what both found; nothing where both refused
   */
  static Optional<StatsFile> check(byte[] file, ByteOrder order, String what) throws IOException {
    Optional<Decoded> expected = ReferenceDecoder.decode(file, order);
    StatsFile decoded;
    try {
      decoded = StatsFileDecoder.decode(ByteSource.of(MemorySegment.ofArray(file)), order);
    } catch (MalformedStatsException e) {
      assertThat(expected).as("%s: refused with \"%s\"", what, e.getMessage()).isEmpty();
      // It goes to terminals, and parts of it are the file's.
      assertThat(e.getMessage()).as(what).matches("[ -~]+");
      return Optional.empty();
    }
    assertThat(expected).as("%s: accepted", what).isPresent();
    same(file, order, decoded, expected.get(), what);
    return Optional.of(decoded);
  }

  private static void same(
      byte[] file, ByteOrder order, StatsFile decoded, Decoded expected, String what) {
    Schema schema = decoded.schema();
    List<Descriptor> descriptors =
        expected.stats().stream()
            .map(stat ->
                new Descriptor(
                    stat.name(),
                    stat.flags(),
                    stat.exponent(),
                    stat.size(),
                    stat.offset(),
                    stat.bucketSize()))
            .toList();
    assertThat(schema.descriptors()).as(what).isEqualTo(descriptors);
    assertThat(decoded.id()).as(what).isEqualTo(expected.id());
    assertThat(decoded.dataOffset()).as(what).isEqualTo(expected.dataOffset());

    Sample sample = new Sample(schema, 0, 0, data(file, decoded), order);
    for (int i = 0; i < descriptors.size(); i++) {
      Stat stat = expected.stats().get(i);
      long[] values = new long[stat.size()];
      for (int j = 0; j < values.length; j++) {
        values[j] = sample.value(schema.descriptors().get(i), j);
      }
      assertThat(values).as("%s: values of %s", what, stat.name()).isEqualTo(stat.data());
    }
  }

  /** Checks that what was decoded can be encoded, and is then decoded to the same. */
  static void checkEncodedAgain(byte[] file, ByteOrder order, StatsFile decoded)
      throws IOException {
    Schema schema = decoded.schema();
    MemorySegment data = data(file, decoded);
    int longest =
        schema.descriptors().stream()
            .mapToInt(descriptor -> descriptor.name().length())
            .reduce(decoded.id().length(), Math::max);
    if (longest > LONGEST_ENCODED_NAME) {
      assertThatThrownBy(() -> StatsFileEncoder.encode(decoded.id(), schema, data, order))
          .isInstanceOf(IllegalArgumentException.class);
      return;
    }
    byte[] encoded = StatsFileEncoder.encode(decoded.id(), schema, data, order);
    StatsFile again = check(encoded, order, "encoded again").orElseThrow();
    assertThat(again.id()).isEqualTo(decoded.id());
    assertThat(again.schema()).isEqualTo(schema);
    assertThat(data(encoded, again).mismatch(data)).isEqualTo(-1);
  }

  /** {@return the data block} */
  static MemorySegment data(byte[] file, StatsFile decoded) {
    return MemorySegment.ofArray(file).asSlice(decoded.dataOffset(), decoded.schema().dataBytes());
  }
}
