package io.kvmstats.linux;

import io.kvmstats.core.binaryform.Scalars;
import io.kvmstats.core.binaryform.StatNames;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * Reads the single values of the stats fds of one kind of object, which are in the same places for
 * all VMs of a kernel, and for all vCPUs.
 *
 * <p>Any thread; calls wait for each other, for as long as a pread takes.
 */
final class StatsBlock {
  private final Scalars scalars;

  /** Where in the files the data starts. */
  private final long offset;

  /** What was read last. */
  private final MemorySegment block;

  private StatsBlock(StatsFile file) {
    this.scalars = Scalars.of(file.schema());
    this.offset = file.dataOffset();
    this.block = Arena.ofAuto().allocate(file.schema().dataBytes(), Long.BYTES);
  }

  /** {@return what a stats fd says of itself} */
  static StatsBlock of(Fd stats) throws IOException {
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

  StatNames names() {
    return scalars.names();
  }

  /**
   * Reads an object's values.
   *
   * @param stats its stats fd
   * @param into gets them from its start, or is left alone
   * @throws IOException when not all of the data is there
   */
  synchronized void read(Fd stats, MemorySegment into) throws IOException {
    long n = stats.pread(block, offset);
    if (n != block.byteSize()) {
      throw new IOException(
          stats + " has only " + n + " of " + block.byteSize() + " bytes of data");
    }
    scalars.copy(block, into);
  }
}
