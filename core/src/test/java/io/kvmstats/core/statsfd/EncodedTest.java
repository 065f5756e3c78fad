package io.kvmstats.core.statsfd;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.Lists;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.Unit;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The stats files of every architecture, most of which have no machine here that writes them. */
class EncodedTest {
  static Stream<Arguments> everyArchitecture() {
    return Lists.TODAY.stream()
        .flatMap(architecture ->
            Stream.of(Scope.values())
                .flatMap(scope ->
                    Stream.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)
                        .map(order -> Arguments.of(architecture, scope, order))));
  }

  @ParameterizedTest
  @MethodSource("everyArchitecture")
  void everyArchitecturesFileIsAsItsKernelWritesIt(
      String architecture, Scope scope, ByteOrder order) throws IOException {
    Schema schema = Lists.schema(architecture, scope);
    Lists.Layout layout = Lists.layout(architecture, scope);
    assertThat(schema.descriptors()).hasSize(layout.descriptors());
    assertThat(schema.dataBytes()).isEqualTo(layout.dataBytes());
    long[] values = new Random(Seeded.SEED).longs(layout.dataBytes() / Long.BYTES).toArray();
    schema.descriptors().stream()
        .filter(descriptor -> descriptor.unit() == Unit.BOOLEAN)
        .forEach(descriptor -> values[(int) descriptor.offset() / Long.BYTES] &= 1);
    ByteBuffer data = ByteBuffer.allocate(layout.dataBytes()).order(order);
    data.asLongBuffer().put(values);

    byte[] file = StatsFileEncoder.encode("kvm-7", schema, MemorySegment.ofBuffer(data), order);

    assertThat(file).hasSize(layout.fileBytes());
    StatsFile decoded = Agreement.check(file, order, "encoded").orElseThrow();
    assertThat(decoded).isEqualTo(new StatsFile("kvm-7", schema, layout.dataOffset()));
    MemorySegment whole = MemorySegment.ofArray(file);
    Sample sample = new Sample(schema, 0, 0, whole.asSlice(layout.dataOffset()), order);
    for (Descriptor descriptor : schema.descriptors()) {
      for (int i = 0; i < descriptor.size(); i++) {
        assertThat(sample.value(descriptor, i))
            .as("%s[%d], -Dtests.seed=%d", descriptor.name(), i, Seeded.SEED)
            .isEqualTo(values[(int) descriptor.offset() / Long.BYTES + i]);
      }
    }
    assertThat(StatsFileRules.check(ByteSource.of(whole), order)).isEmpty();
  }

  /** Written by encoded.py, which stands beside the bytes and says what their values are. */
  @ParameterizedTest
  @CsvSource({"vm, VM, kvm-4242", "vcpu, VCPU, kvm-4243/vcpu-1"})
  void bigEndianBytesOfAnotherHandAreDecodedAndEncoded(String file, Scope scope, String id)
      throws IOException {
    byte[] bytes;
    try (InputStream in = EncodedTest.class.getResourceAsStream("encoded-s390-" + file + ".bin")) {
      bytes = in.readAllBytes();
    }
    ByteOrder order = ByteOrder.BIG_ENDIAN;
    StatsFile decoded = Agreement.check(bytes, order, file).orElseThrow();
    Schema schema = Lists.schema("s390", scope);
    long dataOffset = Lists.layout("s390", scope).dataOffset();
    assertThat(decoded).isEqualTo(new StatsFile(id, schema, dataOffset));

    MemorySegment data = MemorySegment.ofArray(bytes).asSlice(dataOffset);
    Sample sample = new Sample(schema, 0, 0, data, order);
    for (Descriptor descriptor : schema.descriptors()) {
      for (int i = 0; i < descriptor.size(); i++) {
        assertThat(sample.value(descriptor, i))
            .as("%s[%d]", descriptor.name(), i)
            .isEqualTo(0x0123456789abcdefL + descriptor.offset() + 8L * i);
      }
    }
    assertThat(StatsFileEncoder.encode(id, schema, data, order)).isEqualTo(bytes);
  }
}
