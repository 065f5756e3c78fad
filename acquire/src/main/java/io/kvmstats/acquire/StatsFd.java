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
 * @param held what the process that it is from keeps open: the same file, or the VM or vCPU that it
 *     was opened on for us; closed with this
 */
public record StatsFd(Fd fd, Fd held) implements StatsBytes {
  private static final long BUFFER_BYTES = 64 << 10;
  private static final int SELF = Math.toIntExact(ProcessHandle.current().pid());

  /**
   * Makes one of a stats fd that its process keeps open.
   *
   * @param fd is closed with this
   */
  public StatsFd(Fd fd) {
    this(fd, fd);
  }

  /**
   * Checks that a duplicate is what it is taken for: a number is another file's as soon as its
   * owner closes it and opens the next.
   *
   * @param fd our own
   * @param link what the kernel has to call it
   * @throws IOException when it calls it something else
   */
  static void expect(Fd fd, String link) throws IOException {
    if (!fd.link().equals(link)) {
      throw new IOException(fd + " has become " + fd.link());
    }
  }

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
      return Kcmp.compareFiles(SELF, held.number(), pid, number) == 0;
    } catch (LinuxException e) {
      return false; // Closed there, or the process has ended: whoever acquires it anew is told.
    }
  }

  @Override
  public void close() {
    fd.close();
    held.close();
  }
}
