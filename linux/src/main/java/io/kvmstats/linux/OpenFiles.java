package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/** How many descriptors this process may have open (getrlimit(2), RLIMIT_NOFILE). */
public final class OpenFiles {
  private static final int RLIMIT_NOFILE = 7;

  /** struct rlimit: u64 soft, u64 hard. */
  private static final long RLIMIT_BYTES = 16;

  private static final long RLIMIT_HARD = 8;

  private static final MethodHandle GETRLIMIT = Libc.bind("getrlimit");
  private static final MethodHandle SETRLIMIT = Libc.bind("setrlimit");

  private OpenFiles() {}

  /** {@return how many it may have open} */
  public static int limit() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      return number(get(arena).get(ValueLayout.JAVA_LONG, 0));
    }
  }

  /**
   * Has it be allowed as many as can be: with CAP_SYS_RESOURCE fs.nr_open, else the hard limit,
   * which the JVM mostly goes to by itself.
   *
   * @return how many it may have open now
   * @throws IOException when that can't be told
   */
  public static int raise() throws IOException {
    long most = Long.parseLong(Files.readString(Path.of("/proc/sys/fs/nr_open")).strip());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limit = get(arena);
      long hard = limit.get(ValueLayout.JAVA_LONG, RLIMIT_HARD);
      if (Long.compareUnsigned(hard, most) >= 0 || !set(limit, most)) {
        set(limit, hard);
      }
    }
    return limit();
  }

  private static MemorySegment get(Arena arena) throws LinuxException {
    MemorySegment limit = arena.allocate(RLIMIT_BYTES, Long.BYTES);
    long result = Libc.integer(GETRLIMIT, RLIMIT_NOFILE, limit.address(), 0, 0);
    LinuxException.check(result, "getrlimit", "RLIMIT_NOFILE");
    return limit;
  }

  /** {@return whether it may have so many} */
  private static boolean set(MemorySegment limit, long number) {
    limit.set(ValueLayout.JAVA_LONG, 0, number);
    limit.set(ValueLayout.JAVA_LONG, RLIMIT_HARD, number);
    return Libc.integer(SETRLIMIT, RLIMIT_NOFILE, limit.address(), 0, 0) == 0;
  }

  private static int number(long limit) {
    return limit < 0 || limit > Integer.MAX_VALUE ? Integer.MAX_VALUE : (int) limit;
  }
}
