package io.kvmstats.core.statsfd;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.StatsFileRules.Violation;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What holds of any bytes, on those that coverage leads to. {@code ./fuzz} looks for more of them;
 * every build replays those that it found, in StatsFileFuzzTestInputs.
 */
class StatsFileFuzzTest {
  private static final List<ByteOrder> ORDERS =
      List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN);

  /** Where fuzzing starts: real files, and some that lie. */
  static Stream<byte[]> seeds() {
    return Stream.concat(
        Stream.of("linux-6.18-x86_64-vm", "linux-6.18-x86_64-vcpu", "encoded-s390-vm")
            .map(StatsFileFuzzTest::resource),
        HostileFileTest.files());
  }

  private static byte[] resource(String name) {
    try (InputStream in = StatsFileFuzzTest.class.getResourceAsStream(name + ".bin")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** They are refused with a reason, or read as the reference reads them, and can be encoded. */
  @MethodSource("seeds")
  @FuzzTest(maxDuration = "")
  void decoder(byte[] file) throws IOException {
    for (ByteOrder order : ORDERS) {
      Optional<StatsFile> decoded = Agreement.check(file, order, order.toString());
      if (decoded.isPresent()) {
        Agreement.checkEncodedAgain(file, order, decoded.get());
      }
    }
  }

  /** They keep the rules or break them, which takes no more reads than there are bytes. */
  @MethodSource("seeds")
  @FuzzTest(maxDuration = "")
  void rules(byte[] file) throws IOException {
    for (ByteOrder order : ORDERS) {
      ByteSource source = ByteSource.of(MemorySegment.ofArray(file));
      long[] reads = {0};
      ByteSource counted =
          (offset, into) -> {
            reads[0]++;
            return source.read(offset, into);
          };
      List<Violation> violations = new ArrayList<>(StatsFileRules.check(counted, order));
      assertThat(reads[0]).isLessThanOrEqualTo(file.length + 30L);

      Optional<StatsFile> decoded = Agreement.check(file, order, order.toString());
      if (decoded.isPresent()) {
        Schema schema = decoded.get().schema();
        MemorySegment data = Agreement.data(file, decoded.get());
        Sample before = new Sample(schema, 0, 0, data, order);
        MemorySegment half = data.asSlice(0, data.byteSize() / 2);
        violations.addAll(StatsFileRules.checkMoves(before, new Sample(schema, 1, 1, half, order)));
        for (ByteOrder other : ORDERS) {
          violations.addAll(
              StatsFileRules.checkMoves(before, new Sample(schema, 1, 1, data, other)));
        }
      } else {
        assertThat(violations).hasSize(1);
      }
      // They go to terminals, and parts of them are the file's.
      assertThat(violations).allSatisfy(found -> assertThat(found.toString()).matches("[ -~]+"));
    }
  }
}
