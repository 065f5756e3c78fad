package io.kvmstats.core.binaryform;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.Lists;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import java.nio.LongBuffer;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which values of a stats file the binary form has, and in which order. */
class ScalarsTest {
  private static final int LOG = 4;
  private static final int UNKNOWN = 9;

  private static Descriptor at(long offset, String name, int type, int size) {
    return new Descriptor(name, type, 0, size, offset, 0);
  }

  /** Out of order, with gaps, a histogram in between, and one of a single bucket. */
  private static final Schema MIXED =
      new Schema(
          List.of(
              at(56, "last", 0, 1),
              at(8, "b", 0, 1),
              at(0, "a", 1, 1),
              at(16, "hist", LOG, 3),
              at(72, "future", UNKNOWN, 1),
              at(80, "array", UNKNOWN, 2),
              at(48, "one_bucket", LOG, 1),
              at(96, "instruction_sigp_stop_store_status", 0, 1)));

  private static final LongBuffer BLOCK =
      LongBuffer.wrap(new long[] {10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, -1});

  @Test
  void singleValuesInTheOrderOfTheData() {
    Scalars scalars = Scalars.of(MIXED);
    assertThat(scalars.names().names())
        .containsExactly("a", "b", "last", "future", "instruction_sigp_stop_store_sta");
    assertThat(scalars.count()).isEqualTo(5);
    long[] values = {0, 0, 0, 0, 0, 99};
    scalars.copy(BLOCK, values);
    assertThat(values).containsExactly(10, 11, 17, 19, -1, 99);
  }

  /** Each value is its own place's number: so every architecture's are where they belong. */
  @Test
  void everyArchitecturesValuesHaveTheirNames() {
    for (String architecture : Lists.TODAY) {
      for (Scope scope : Scope.values()) {
        Schema schema = Lists.schema(architecture, scope);
        List<Descriptor> expected =
            schema.descriptors().stream()
                .filter(descriptor -> !descriptor.type().isHistogram())
                .sorted(Comparator.comparingLong(Descriptor::offset))
                .toList();
        Scalars scalars = Scalars.of(schema);
        assertThat(scalars.names())
            .isEqualTo(StatNames.cut(expected.stream().map(Descriptor::name).toList()));
        long[] block = new long[(int) schema.dataBytes() / 8];
        for (int i = 0; i < block.length; i++) {
          block[i] = i * 8L;
        }
        long[] values = new long[expected.size()];
        scalars.copy(LongBuffer.wrap(block), values);
        assertThat(values)
            .as(architecture + " " + scope)
            .containsExactly(expected.stream().mapToLong(Descriptor::offset).toArray());
      }
    }
  }

  @Test
  void histogramsAloneAreNothing() {
    Scalars none = Scalars.of(new Schema(List.of(at(0, "hist", LOG, 3))));
    assertThat(none.names().names()).isEmpty();
    assertThat(none.count()).isZero();
  }
}
