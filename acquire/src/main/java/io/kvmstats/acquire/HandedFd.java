package io.kvmstats.acquire;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A stats fd that was handed to us. What the process still holds doesn't matter: it is ours until
 * it is taken back.
 *
 * @param file closed with this
 */
record HandedFd(StatsFd file) implements StatsBytes {
  @Override
  public long tryPread(MemorySegment into, long offset) {
    return file.tryPread(into, offset);
  }

  @Override
  public long read(long offset, MemorySegment into) throws IOException {
    return file.read(offset, into);
  }

  /** Also when its number there is another file's. */
  @Override
  public boolean isHeldBy(int pid, int number) {
    return true;
  }

  @Override
  public void close() {
    file.close();
  }
}
