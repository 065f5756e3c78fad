package io.kvmstats.publish;

import io.kvmstats.core.binaryform.StatNames;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Word;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;

/**
 * A VM or vCPU whose statistics are published, and the writers of them.
 *
 * <p>A statistic's writer is looked up by name once, and kept. All writers of one statistic write
 * the same value, so only one thread may at a time. What is written after {@link #close} goes
 * nowhere.
 */
public abstract sealed class PublishedObject implements AutoCloseable
    permits PublishedVm, PublishedVcpu {
  private final Schema schema;
  private final StatsMemfd file;

  PublishedObject(String memfd, String id, Schema laidOut) throws LinuxException {
    this.schema = laidOut;
    this.file = StatsMemfd.create(memfd, id, laidOut);
  }

  /** {@return the schema as readers find it: as declared, but for where each value lies} */
  public Schema schema() {
    return schema;
  }

  /**
   * {@return what writes a cumulative statistic}
   *
   * @param name of one that is declared so
   * @throws IllegalArgumentException when none is
   */
  public CumulativeStat cumulative(String name) {
    return new CumulativeStat(word(find(name, EnumSet.of(StatType.CUMULATIVE))));
  }

  /**
   * {@return what writes an instant statistic}
   *
   * @param name of one that is declared so
   * @throws IllegalArgumentException when none is
   */
  public InstantStat instant(String name) {
    return new InstantStat(word(find(name, EnumSet.of(StatType.INSTANT))));
  }

  /**
   * {@return what writes a peak statistic}
   *
   * @param name of one that is declared so
   * @throws IllegalArgumentException when none is
   */
  public PeakStat peak(String name) {
    return new PeakStat(word(find(name, EnumSet.of(StatType.PEAK))));
  }

  /**
   * {@return what writes an instant or peak statistic whose unit is {@link Unit#BOOLEAN}}
   *
   * @param name of one that is declared so
   * @throws IllegalArgumentException when none is
   */
  public BooleanStat bool(String name) {
    Descriptor descriptor = find(name, EnumSet.of(StatType.INSTANT, StatType.PEAK));
    if (descriptor.unit() != Unit.BOOLEAN) {
      throw new IllegalArgumentException(name + " is no boolean");
    }
    return new BooleanStat(word(descriptor), descriptor.type() == StatType.PEAK);
  }

  /**
   * {@return what writes a linear histogram}
   *
   * @param name of one that is declared so
   * @throws IllegalArgumentException when none is
   */
  public LinearHistogram linearHistogram(String name) {
    Descriptor descriptor = find(name, EnumSet.of(StatType.LINEAR_HISTOGRAM));
    return new LinearHistogram(buckets(descriptor), descriptor.bucketSize());
  }

  /**
   * {@return what writes a log histogram}
   *
   * @param name of one that is declared so
   * @throws IllegalArgumentException when none is
   */
  public LogHistogram logHistogram(String name) {
    return new LogHistogram(buckets(find(name, EnumSet.of(StatType.LOG_HISTOGRAM))));
  }

  private Descriptor find(String name, Set<StatType> types) {
    Descriptor descriptor =
        schema
            .find(name)
            .orElseThrow(() -> new IllegalArgumentException("no statistic is named " + name));
    if (!types.contains(descriptor.type())) {
      throw new IllegalArgumentException(name + " is declared as " + descriptor.type());
    }
    return descriptor;
  }

  private Word word(Descriptor descriptor) {
    return file.word(descriptor.offset());
  }

  private Word[] buckets(Descriptor descriptor) {
    Word[] buckets = new Word[descriptor.size()];
    for (int i = 0; i < buckets.length; i++) {
      buckets[i] = file.word(descriptor.offset() + (long) i * Long.BYTES);
    }
    return buckets;
  }

  /** {@return the names of what the binary form has, which knows no histograms} */
  static StatNames scalarNames(Schema schema) {
    return StatNames.cut(
        schema.descriptors().stream()
            .filter(descriptor -> !descriptor.type().isHistogram())
            .map(Descriptor::name)
            .toList());
  }

  /** {@return their values: they stand at the start of the data, see {@link SchemaBuilder}} */
  MemorySegment scalars() {
    long count = schema.descriptors().stream().filter(d -> !d.type().isHistogram()).count();
    return file.data().asSlice(0, count * Long.BYTES);
  }

  /** Ends publishing: readers that have it open read the last values on. */
  @Override
  public void close() {
    file.close();
  }
}
