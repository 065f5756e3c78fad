package io.kvmstats.core.binaryform;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What the binary form has of a stats file's data: the statistics of a single value, in the order
 * in which they lie in the data. That is the order of the kernel's struct, as the RFC had it.
 * Histograms are left out.
 *
 * <p>For those who answer for the binary form from stats fds. Immutable.
 */
public final class Scalars {
  private final StatNames names;
  private final List<Run> runs;

  private Scalars(StatNames names, List<Run> runs) {
    this.names = names;
    this.runs = List.copyOf(runs);
  }

  /** Values that lie side by side in the data block, and among ours. */
  private record Run(int from, int to, int count) {}

  /**
   * {@return the single values of a schema}
   *
   * @param schema of a stats file
   */
  public static Scalars of(Schema schema) {
    List<Descriptor> scalars =
        schema.descriptors().stream()
            .filter(descriptor -> descriptor.size() == 1 && !descriptor.type().isHistogram())
            .sorted(Comparator.comparingLong(Descriptor::offset))
            .toList();
    return new Scalars(
        StatNames.cut(scalars.stream().map(Descriptor::name).toList()), runs(scalars));
  }

  private static List<Run> runs(List<Descriptor> scalars) {
    List<Run> runs = new ArrayList<>();
    for (int first = 0; first < scalars.size(); ) {
      int behind = first + 1;
      while (behind < scalars.size()
          && scalars.get(behind).offset() == scalars.get(behind - 1).end()) {
        behind++;
      }
      long from = scalars.get(first).offset() / Long.BYTES;
      runs.add(new Run(Math.toIntExact(from), first, behind - first));
      first = behind;
    }
    return runs;
  }

  /** {@return their names, those of over 31 bytes cut} */
  public StatNames names() {
    return names;
  }

  /** {@return how many they are} */
  public int count() {
    return names.names().size();
  }

  /**
   * Copies the values, as GET_DATA on a vCPU has them.
   *
   * @param block the stats file's data, of this machine's byte order
   * @param values where they go, from its start
   */
  public void copy(LongBuffer block, long[] values) {
    for (int i = 0; i < runs.size(); i++) { // An iterator would be allocated.
      Run run = runs.get(i);
      block.get(run.from, values, run.to, run.count);
    }
  }
}
