package io.kvmstats.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * How long a thread has run on the host's CPUs, and how long it was ready to run and waited for
 * one: {@code /proc/PID/task/TID/schedstat}, kept open.
 *
 * <p>The open file is that thread's for good: when it has ended, nothing is read any more, also
 * when another thread has got its number (proc_single_show, {@code fs/proc/base.c}, Linux 6.12).
 * The kernel counts both wherever it has KVM (CONFIG_SCHED_INFO, which KVM selects on x86 and
 * arm64). It adds to the time run at each tick (1 to 10 ms, up to a second with nohz_full) and when
 * the thread leaves the CPU, and to the time waited when the wait is over.
 *
 * <p>One thread reads.
 */
public final class Schedstat implements AutoCloseable {
  /** What one read writes: two u64 in ns. */
  public static final int BYTES = 2 * Long.BYTES;

  /** Three numbers of up to 20 digits, and what follows each. */
  private static final int TEXT_BYTES_MAX = 3 * 21;

  private static final int DIGITS_MAX = 20;

  private final Fd fd;
  private final MemorySegment text = Arena.ofAuto().allocate(TEXT_BYTES_MAX);

  private Schedstat(Fd fd) {
    this.fd = fd;
  }

  /**
   * Opens a thread's.
   *
   * @param pid its process
   * @param tid the thread, whichever has the number now
   * @return its file
   * @throws LinuxException ENOENT when there is none, or the kernel does not count; EACCES, EMFILE
   */
  public static Schedstat open(int pid, int tid) throws LinuxException {
    return new Schedstat(Fd.open("/proc/" + pid + "/task/" + tid + "/schedstat", Fd.O_RDONLY));
  }

  /** {@return the number of its descriptor} */
  public int number() {
    return fd.number();
  }

  /**
   * Reads how long the thread ran and then how long it waited, each a u64 in ns, in the host's byte
   * order. Allocates nothing.
   *
   * @param into native memory
   * @param offset where to write, in bytes
   * @return whether it could be read; if not, nothing was written
   */
  public boolean tryRead(MemorySegment into, long offset) {
    return parse(text, fd.tryPread(text, 0), into, offset);
  }

  /**
   * Parses {@code "RUN WAIT SLICES\n"}.
   *
   * @param length of the text, less than 1 when there is none
   */
  static boolean parse(MemorySegment text, long length, MemorySegment into, long offset) {
    long runEnd = digitsEnd(text, length, 0, ' ');
    long waitEnd = digitsEnd(text, length, runEnd + 1, ' ');
    long slicesEnd = digitsEnd(text, length, waitEnd + 1, '\n');
    // Who is seen to be a vCPU's thread has run: the kernel says 0 when it does not count at all.
    if (runEnd < 0 || waitEnd < 0 || slicesEnd < 0 || number(text, waitEnd + 1, slicesEnd) == 0) {
      return false;
    }
    into.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, number(text, 0, runEnd));
    into.set(
        ValueLayout.JAVA_LONG_UNALIGNED, offset + Long.BYTES, number(text, runEnd + 1, waitEnd));
    return true;
  }

  /** {@return where digits end that start there and have this behind them; -1 if they don't} */
  private static long digitsEnd(MemorySegment text, long length, long start, char behind) {
    long at = start;
    while (at < length && isDigit(text.get(ValueLayout.JAVA_BYTE, at))) {
      at++;
    }
    boolean isNumber = at > start && at - start <= DIGITS_MAX;
    return isNumber && at < length && text.get(ValueLayout.JAVA_BYTE, at) == behind ? at : -1;
  }

  private static boolean isDigit(byte character) {
    return character >= '0' && character <= '9';
  }

  private static long number(MemorySegment text, long start, long end) {
    long number = 0;
    for (long at = start; at < end; at++) {
      number = 10 * number + text.get(ValueLayout.JAVA_BYTE, at) - '0';
    }
    return number;
  }

  @Override
  public void close() {
    fd.close();
  }
}
