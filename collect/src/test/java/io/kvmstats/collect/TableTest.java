package io.kvmstats.collect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whose room is whose. */
class TableTest {
  private static final Schema SCHEMA = new Schema(List.of(new Descriptor("exits", 0, 0, 1, 0, 0)));

  @Test
  void whatIsPublishedTakesNoRoomOfTheKernels() throws IOException {
    long slot = SlotLayout.slotBytes(SCHEMA.dataBytes());
    try (Table table = new Table(3 * slot)) {
      List<Slot> published = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        published.add(table.add(SCHEMA, true));
      }
      assertThatIOException().isThrownBy(() -> table.add(SCHEMA, true));
      List<Slot> kernels = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        kernels.add(table.add(SCHEMA, false));
      }
      assertThatIOException().isThrownBy(() -> table.add(SCHEMA, false));
      // What is given back stays whose it was.
      table.remove(kernels.getFirst());
      assertThatIOException().isThrownBy(() -> table.add(SCHEMA, true));
      table.remove(published.getLast());
      assertThat(table.add(SCHEMA, true).memory().address())
          .isEqualTo(published.getLast().memory().address());
      assertThat(table.add(SCHEMA, false).memory().address())
          .isEqualTo(kernels.getFirst().memory().address());
    }
  }
}
