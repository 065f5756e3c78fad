package io.kvmstats.acquire;

import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.linux.Fd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A descriptor's bytes, for the decoder; the sweep reads without this. */
record FdSource(Fd fd) implements ByteSource {
  private static final long READ_BYTES_MAX = 64 << 10;

  @Override
  public long read(long offset, MemorySegment into) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Math.clamp(into.byteSize(), 1, READ_BYTES_MAX));
      long n = fd.pread(buffer, offset);
      MemorySegment.copy(buffer, 0, into, 0, n);
      return n;
    }
  }
}
