package io.kvmstats.linux;

import io.kvmstats.core.binaryform.Scalars;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * Where the single values are in the stats fds of one kind of object: the same for all VMs of a
 * kernel, and for all vCPUs.
 *
 * @param scalars the values, within the data
 * @param offset where in the file the data starts
 * @param bytes how long it is
 */
record StatsBlock(Scalars scalars, long offset, long bytes) {

  /** {@return what a stats fd says of itself} */
  static StatsBlock of(Fd stats) throws IOException {
    StatsFile file = StatsFileDecoder.decode(source(stats), ByteOrder.nativeOrder());
    return new StatsBlock(Scalars.of(file.schema()), file.dataOffset(), file.schema().dataBytes());
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

  /** {@return memory for the data} */
  MemorySegment allocate() {
    return Arena.ofAuto().allocate(bytes, Long.BYTES);
  }

  /**
   * Reads an object's data.
   *
   * @param stats its stats fd
   * @param block from {@link #allocate}
   * @throws IOException when not all of it is there
   */
  void read(Fd stats, MemorySegment block) throws IOException {
    long n = stats.pread(block, offset);
    if (n != bytes) {
      throw new IOException(stats + " has only " + n + " of " + bytes + " bytes of data");
    }
  }
}
