package io.kvmstats.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Copies from and to the memory of other processes (process_vm_readv(2), Linux 3.2), as the kernel
 * does for them: what they may not read or write isn't, and a copy ends at the page where it fails.
 *
 * <p>Needs PTRACE_MODE_ATTACH_REALCREDS. One thread at a time.
 */
public final class ProcessMemory {
  private static final MethodHandle READ = Libc.bind("process_vm_readv");
  private static final MethodHandle WRITE = Libc.bind("process_vm_writev");

  private static final long CHUNK_BYTES = 64 * 1024;
  private static final long PAGE_BYTES = 4096;

  /** struct iovec: a pointer and a length. */
  private static final long IOVEC_BYTES = 16;

  private static final long IOVEC_LENGTH = 8;

  private final MemorySegment chunk;
  private final MemorySegment ours;

  /** One for each page: the kernel may not split one that it can't copy whole. */
  private final MemorySegment theirs;

  /** Makes one for any number of copies. */
  public ProcessMemory() {
    Arena arena = Arena.ofAuto();
    chunk = arena.allocate(CHUNK_BYTES);
    ours = arena.allocate(IOVEC_BYTES, Long.BYTES);
    theirs = arena.allocate((CHUNK_BYTES / PAGE_BYTES + 1) * IOVEC_BYTES, Long.BYTES);
  }

  /**
   * Copies from a process.
   *
   * @param thread any of its threads
   * @param address there; unsigned
   * @param into is filled from its start
   * @return how many bytes could be copied
   */
  public long read(int thread, long address, MemorySegment into) {
    long done = 0;
    long n;
    do {
      long wanted = Math.min(into.byteSize() - done, CHUNK_BYTES);
      n = copy(READ, thread, address + done, wanted);
      MemorySegment.copy(chunk, 0, into, done, n);
      done += n;
    } while (n == CHUNK_BYTES);
    return done;
  }

  /**
   * Copies to a process.
   *
   * @param thread any of its threads
   * @param address there; unsigned
   * @param from all of which is wanted there
   * @return how many bytes could be copied
   */
  public long write(int thread, long address, MemorySegment from) {
    long done = 0;
    long n;
    do {
      long wanted = Math.min(from.byteSize() - done, CHUNK_BYTES);
      MemorySegment.copy(from, done, chunk, 0, wanted);
      n = copy(WRITE, thread, address + done, wanted);
      done += n;
    } while (n == CHUNK_BYTES);
    return done;
  }

  private long copy(MethodHandle function, int thread, long address, long bytes) {
    if (bytes == 0 || Long.compareUnsigned(address + bytes, address) < 0) {
      return 0; // None asked for, or none that goes round the end of memory.
    }
    ours.set(ValueLayout.JAVA_LONG, 0, chunk.address());
    ours.set(ValueLayout.JAVA_LONG, IOVEC_LENGTH, bytes);
    long pages = 0;
    for (long at = address, end = address + bytes; at != end; pages++) {
      long border = (at | (PAGE_BYTES - 1)) + 1;
      long length = Math.min(border - at, end - at);
      theirs.set(ValueLayout.JAVA_LONG, pages * IOVEC_BYTES, at);
      theirs.set(ValueLayout.JAVA_LONG, pages * IOVEC_BYTES + IOVEC_LENGTH, length);
      at += length;
    }
    long copied = Libc.call(function, thread, ours.address(), 1, theirs.address(), pages, 0);
    return Math.max(0, copied); // EFAULT, or the process has gone: nothing of it is there.
  }
}
