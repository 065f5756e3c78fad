package io.kvmstats.core.statsfd;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.Lists;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The decoder on what a real kernel wrote: Linux 6.18, x86-64 (kvm-pvm), one pread(2) of the whole
 * stats fd of a VM and of its vCPU 0, after that had exited 300 times for writing to a port.
 */
class GoldenTest {
  @ParameterizedTest
  @CsvSource({"vm, VM, kvm-\\d+, 15, 1032, 120", "vcpu, VCPU, kvm-\\d+/vcpu-0, 45, 2952, 1104"})
  void everyStatisticIsWhatTheKernelSays(
      String file, String scope, String id, int count, long dataOffset, long dataBytes)
      throws IOException {
    byte[] bytes = resource("linux-6.18-x86_64-" + file + ".bin");
    StatsFile decoded =
        StatsFileDecoder.decode(
            ByteSource.of(MemorySegment.ofArray(bytes)), ByteOrder.LITTLE_ENDIAN);

    assertThat(decoded.id()).matches(id);
    assertThat(decoded.dataOffset()).isEqualTo(dataOffset);
    assertThat(decoded.schema().dataBytes()).isEqualTo(dataBytes);
    assertThat(decoded.schema().descriptors())
        .hasSize(count)
        .isEqualTo(Lists.schema("x86", Scope.valueOf(scope)).descriptors());
    assertThat(bytes).hasSize((int) (dataOffset + dataBytes));
  }

  @ParameterizedTest
  @CsvSource({"vcpu, exits", "vcpu, halt_wait_hist", "vm, max_mmu_rmap_size"})
  void valuesAreReadFromWhereTheDescriptorSays(String file, String stat) throws IOException {
    byte[] bytes = resource("linux-6.18-x86_64-" + file + ".bin");
    ByteBuffer plain = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    StatsFile decoded =
        StatsFileDecoder.decode(
            ByteSource.of(MemorySegment.ofArray(bytes)), ByteOrder.LITTLE_ENDIAN);
    Descriptor descriptor = decoded.schema().find(stat).orElseThrow();
    Sample sample =
        new Sample(
            decoded.schema(),
            0,
            0,
            MemorySegment.ofArray(bytes).asSlice(decoded.dataOffset()),
            ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < descriptor.size(); i++) {
      int at = (int) (decoded.dataOffset() + descriptor.offset()) + i * Long.BYTES;
      assertThat(sample.value(descriptor, i)).isEqualTo(plain.getLong(at));
    }
    if (stat.equals("exits")) {
      assertThat(sample.value(descriptor)).isGreaterThanOrEqualTo(300);
    }
  }

  @ParameterizedTest
  @CsvSource({"vm", "vcpu"})
  void encodingAgainGivesTheKernelsBytes(String file) throws IOException {
    byte[] bytes = resource("linux-6.18-x86_64-" + file + ".bin");
    MemorySegment whole = MemorySegment.ofArray(bytes);
    StatsFile decoded = StatsFileDecoder.decode(ByteSource.of(whole), ByteOrder.LITTLE_ENDIAN);
    Schema schema = decoded.schema();
    assertThat(
            StatsFileEncoder.encode(
                decoded.id(),
                schema,
                whole.asSlice(decoded.dataOffset(), schema.dataBytes()),
                ByteOrder.LITTLE_ENDIAN))
        .isEqualTo(bytes);
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = GoldenTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }
}
