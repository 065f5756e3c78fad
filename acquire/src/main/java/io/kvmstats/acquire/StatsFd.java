package io.kvmstats.acquire;

import io.kvmstats.linux.Fd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A stats fd of the kernel's.
 *
 * @param fd is closed with this
 */
public record StatsFd(Fd fd) implements StatsBytes {
  private static final long READ_BYTES_MAX = 64 << 10;

  @Override
  public long tryPread(MemorySegment into, long offset) {
    return fd.tryPread(into, offset);
  }

  @Override
  public long read(long offset, MemorySegment into) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Math.clamp(into.byteSize(), 1, READ_BYTES_MAX));
      long n = fd.pread(buffer, offset);
      MemorySegment.copy(buffer, 0, into, 0, n);
      return n;
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
