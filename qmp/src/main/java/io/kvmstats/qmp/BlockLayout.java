package io.kvmstats.qmp;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.qmp.StatsAnswer.Value;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A data block made of what QEMU says of an object: where each value goes, and how much of the
 * block an answer fills.
 *
 * <p>A block is valid up to a place, and what lies behind is absent. So the histograms stand last,
 * since the order of their buckets may not be known yet.
 */
final class BlockLayout {
  /** Like a stats file's: x86's vCPUs have 1,104 bytes (Linux 6.12). */
  private static final long BLOCK_BYTES_MAX = 1 << 20;

  private final Schema schema;
  private final List<Descriptor> byOffset;
  private final Map<String, Descriptor> sums = new HashMap<>();

  /**
   * Lays out a block.
   *
   * @param described the statistics, without their sizes, in QEMU's order
   * @param values those that QEMU had first: a statistic that is not among them has no place
   * @param sumOf a histogram's sum's name, where it is known
   */
  BlockLayout(
      Map<String, Descriptor> described, Map<String, Value> values, Map<String, String> sumOf)
      throws IOException {
    List<Descriptor> there =
        described.values().stream().filter(stat -> values.containsKey(stat.name())).toList();
    Map<String, Descriptor> placed = new HashMap<>();
    long end = 0;
    for (boolean lists : new boolean[] {false, true}) {
      for (Descriptor stat : there) {
        int size = sizeOf(values, stat);
        if (isOrdered(stat, size) == lists) {
          Descriptor whole =
              new Descriptor(
                  stat.name(), stat.flags(), stat.exponent(), size, end, stat.bucketSize());
          placed.put(stat.name(), whole);
          end = whole.end();
        }
      }
    }
    if (placed.isEmpty()) {
      throw new IOException("QEMU has no statistics of KVM's");
    }
    if (end > BLOCK_BYTES_MAX) {
      throw new MalformedAnswerException("an object has " + end + " bytes of values");
    }
    List<Descriptor> inQemusOrder = new ArrayList<>();
    there.forEach(stat -> inQemusOrder.add(placed.getOrDefault(stat.name(), stat)));
    schema = new Schema(inQemusOrder);
    byOffset =
        schema.descriptors().stream().sorted(Comparator.comparingLong(Descriptor::offset)).toList();
    for (Descriptor stat : byOffset) {
      schema
          .find(sumOf.getOrDefault(stat.name(), ""))
          .filter(sum -> stat.type().isHistogram() && isInTheSameUnit(stat, sum))
          .ifPresent(sum -> sums.put(stat.name(), sum));
    }
  }

  private static int sizeOf(Map<String, Value> values, Descriptor stat) {
    Value value = values.get(stat.name());
    return value == null ? 0 : value.numbers().size();
  }

  private static boolean isOrdered(Descriptor stat, int size) {
    return stat.type().isHistogram() || size != 1;
  }

  private static boolean isInTheSameUnit(Descriptor histogram, Descriptor sum) {
    return sum.type() == StatType.CUMULATIVE
        && sum.size() == 1
        && sum.unitCode() == histogram.unitCode()
        && sum.baseCode() == histogram.baseCode()
        && sum.exponent() == histogram.exponent();
  }

  Schema schema() {
    return schema;
  }

  /** {@return the orders that the buckets of an object's histograms must be in} */
  List<BucketOrder> orders(Map<String, Value> values) {
    List<BucketOrder> orders = new ArrayList<>();
    for (Descriptor stat : byOffset) {
      Descriptor sum = sums.get(stat.name());
      Value buckets = values.get(stat.name());
      Value total = sum == null ? null : values.get(sum.name());
      if (buckets != null && total != null && total.numbers().size() == 1) {
        Optional<BucketOrder> order =
            BucketOrder.of(buckets.numbers(), stat, total.numbers().getFirst());
        order.ifPresent(orders::add);
      }
    }
    return orders;
  }

  /**
   * Fills a block.
   *
   * @param values what QEMU has now
   * @param order of the buckets; null when it is not known
   * @return up to where it is filled: to the first value that is not there, or whose order is not
   *     known
   * @throws IOException when a value is not what the schema says
   */
  long fill(MemorySegment block, Map<String, Value> values, @Nullable BucketOrder order)
      throws IOException {
    for (Descriptor stat : byOffset) {
      Value value = values.get(stat.name());
      if (value == null || value.numbers().size() != stat.size()) {
        return stat.offset();
      }
      if (value.isTruth() && stat.unit() != Unit.BOOLEAN) {
        throw new MalformedAnswerException(stat.name() + " is true or false, and no number");
      }
      List<Long> numbers = value.numbers();
      if (isOrdered(stat, stat.size()) && !numbers.equals(numbers.reversed())) {
        if (order == null) {
          return stat.offset();
        }
        numbers = order.kernels(numbers);
      }
      for (int i = 0; i < numbers.size(); i++) {
        long at = stat.offset() + (long) i * Long.BYTES;
        block.set(ValueLayout.JAVA_LONG_UNALIGNED, at, numbers.get(i));
      }
    }
    return schema.dataBytes();
  }
}
