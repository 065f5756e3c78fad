package io.kvmstats.linux;

import io.kvmstats.core.binaryform.Scalars;
import io.kvmstats.core.binaryform.StatNames;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.LongBuffer;

/**
 * Reads the single values of the stats fds of one kind of object, which are in the same places for
 * all VMs of a kernel, and for all vCPUs.
 *
 * <p>Any thread; calls wait for each other, for as long as a pread takes.
 */
public final class StatsBlock {
  private final Scalars scalars;

  /** Where in the files the data starts. */
  private final long offset;

  /** What was read last, and its single values: in an array, where Java adds many times faster. */
  private final MemorySegment block;

  private final LongBuffer longs;
  private final long[] values;

  private StatsBlock(StatsFile file) {
    this.scalars = Scalars.of(file.schema());
    this.offset = file.dataOffset();
    this.values = new long[scalars.count()];
    this.block = Arena.ofAuto().allocate(file.schema().dataBytes(), Long.BYTES);
    this.longs = block.asByteBuffer().order(ByteOrder.nativeOrder()).asLongBuffer();
  }

  /**
   * {@return what a stats fd says of itself}
   *
   * @param stats of a VM, or of a vCPU
   * @throws IOException when it can't be read, or is malformed
   */
  public static StatsBlock of(Fd stats) throws IOException {
    return new StatsBlock(StatsFileDecoder.decode(source(stats), ByteOrder.nativeOrder()));
  }

  private static ByteSource source(Fd stats) {
    return (offset, into) -> {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(into.byteSize());
        long n = stats.pread(buffer, offset);
        MemorySegment.copy(buffer, 0, into, 0, n);
        return n;
      }
    };
  }

  /** {@return the names of the values, as the binary form has them} */
  public StatNames names() {
    return scalars.names();
  }

  int count() {
    return values.length;
  }

  /**
   * Reads an object's values.
   *
   * @param stats its stats fd
   * @param into gets them from its start, or is left alone
   * @throws IOException when not all of the data is there
   */
  public synchronized void read(Fd stats, MemorySegment into) throws IOException {
    read(stats);
    MemorySegment.copy(values, 0, into, ValueLayout.JAVA_LONG_UNALIGNED, 0, values.length);
  }

  /**
   * Adds an object's values to others.
   *
   * @param stats its stats fd
   * @param sums as many
   * @throws IOException when not all of the data is there
   */
  synchronized void add(Fd stats, long[] sums) throws IOException {
    read(stats);
    for (int i = 0; i < values.length; i++) {
      sums[i] += values[i];
    }
  }

  private void read(Fd stats) throws IOException {
    long n = stats.pread(block, offset);
    if (n != block.byteSize()) {
      throw new IOException(
          stats + " has only " + n + " of " + block.byteSize() + " bytes of data");
    }
    scalars.copy(longs, values);
  }
}
