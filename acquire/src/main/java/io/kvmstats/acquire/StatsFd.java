package io.kvmstats.acquire;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kcmp;
import io.kvmstats.linux.LinuxException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A stats fd of the kernel's.
 *
 * @param fd is closed with this
 */
public record StatsFd(Fd fd) implements StatsBytes {
  private static final long BUFFER_BYTES = 64 << 10;
  private static final int SELF = Math.toIntExact(ProcessHandle.current().pid());

  @Override
  public long tryPread(MemorySegment into, long offset) {
    return fd.tryPread(into, offset);
  }

  @Override
  public long read(long offset, MemorySegment into) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Math.clamp(into.byteSize(), 1, BUFFER_BYTES));
      long done = 0;
      while (done < into.byteSize()) {
        long length = Math.min(into.byteSize() - done, buffer.byteSize());
        long n = fd.pread(buffer.asSlice(0, length), offset + done);
        if (n == 0) {
          break;
        }
        MemorySegment.copy(buffer, 0, into, done, n);
        done += n;
      }
      return done;
    }
  }

  @Override
  public boolean isHeldBy(int pid, int number) {
    try {
      return Kcmp.compareFiles(SELF, fd.number(), pid, number) == 0;
    } catch (LinuxException e) {
      return false; // Closed there, or the process has ended: whoever acquires it anew is told.
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
