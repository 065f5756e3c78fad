package io.kvmstats.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The C library, called the kernel's way: every function takes and returns {@code long}s, and a
 * failure is {@code -errno}.
 *
 * <p>All functions share one signature because linking costs per distinct signature, about as much
 * as starting the JVM, and nothing per further function. It is right wherever the JDK links
 * natively on 64-bit Linux: integers and pointers travel in whole registers, of which the callee
 * reads the part that it declares, variadic or not. Pointers go in as addresses: the caller keeps
 * the memory alive until the call returned.
 *
 * <p>Thread-safe: errno is captured per thread.
 */
final class Libc {
  private static final int MAX_ARGUMENTS = 6;
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CAPTURE_LAYOUT = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CAPTURE_LAYOUT.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  /** The thread's errno; automatic, since a thread's end is nobody's to see. */
  private static final ThreadLocal<MemorySegment> CAPTURE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE_LAYOUT));

  private static final MethodHandle OPEN = bind("open");
  private static final MethodHandle CLOSE = bind("close");
  private static final MethodHandle PREAD = bind("pread");
  private static final MethodHandle IOCTL = bind("ioctl");
  private static final MethodHandle POLL = bind("poll");
  private static final MethodHandle MMAP = bind("mmap");
  private static final MethodHandle MUNMAP = bind("munmap");
  private static final MethodHandle MEMFD_CREATE = bind("memfd_create");
  private static final MethodHandle FTRUNCATE = bind("ftruncate");
  private static final MethodHandle FCNTL = bind("fcntl");
  private static final MethodHandle SYSCALL = bind("syscall");

  private Libc() {}

  /** Binds a function of the C library's, as {@link #bind(SymbolLookup, String)} does. */
  static MethodHandle bind(String name) {
    return bind(LINKER.defaultLookup(), name);
  }

  /** Binds a function of up to six longs that returns one. */
  @SuppressWarnings("restricted") // What this class is for.
  static MethodHandle bind(SymbolLookup library, String name) {
    MemoryLayout[] arguments = new MemoryLayout[MAX_ARGUMENTS];
    Arrays.fill(arguments, ValueLayout.JAVA_LONG);
    return LINKER.downcallHandle(
        library
            .find(name)
            .orElseThrow(() -> new IllegalArgumentException("no function " + name + " to call")),
        FunctionDescriptor.of(ValueLayout.JAVA_LONG, arguments),
        Linker.Option.captureCallState("errno"));
  }

  static long open(long path, int flags) {
    return integer(OPEN, path, flags, 0, 0);
  }

  static long close(int fd) {
    return integer(CLOSE, fd, 0, 0, 0);
  }

  /** The hot path: its handle is a constant to the compiler here, whatever is inlined. */
  static long pread(int fd, long address, long length, long offset) {
    MemorySegment capture = CAPTURE.get();
    try {
      long result = (long) PREAD.invokeExact(capture, (long) fd, address, length, offset, 0L, 0L);
      return result != -1 ? result : -errno(capture);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static long ioctl(int fd, int request, long argument) {
    return integer(IOCTL, fd, Integer.toUnsignedLong(request), argument, 0);
  }

  static long poll(long pollfds, long count, int timeoutMillis) {
    return integer(POLL, pollfds, count, timeoutMillis, 0);
  }

  static long mmap(long address, long bytes, int protection, int flags, int fd) {
    return call(MMAP, address, bytes, protection, flags, fd, 0);
  }

  static long munmap(long address, long bytes) {
    return integer(MUNMAP, address, bytes, 0, 0);
  }

  static long memfdCreate(long name, int flags) {
    return integer(MEMFD_CREATE, name, flags, 0, 0);
  }

  static long ftruncate(int fd, long bytes) {
    return integer(FTRUNCATE, fd, bytes, 0, 0);
  }

  static long fcntl(int fd, int command, long argument) {
    return integer(FCNTL, fd, command, argument, 0);
  }

  /** A system call that the C library may be too old to know by name. */
  static long syscall(long number, long a, long b, long c, long d, long e) {
    return call(SYSCALL, number, a, b, c, d, e);
  }

  /** Calls a function that returns int: the upper half of its register is undefined. */
  static long integer(MethodHandle function, long a, long b, long c, long d) {
    MemorySegment capture = CAPTURE.get();
    try {
      int result = (int) (long) function.invokeExact(capture, a, b, c, d, 0L, 0L);
      return result != -1 ? result : -errno(capture);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Calls a function that returns long or a pointer. */
  static long call(MethodHandle function, long a, long b, long c, long d, long e, long f) {
    MemorySegment capture = CAPTURE.get();
    try {
      long result = (long) function.invokeExact(capture, a, b, c, d, e, f);
      return result != -1 ? result : -errno(capture);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private static long errno(MemorySegment capture) {
    return (int) ERRNO.get(capture, 0L);
  }

  /** A downcall throws nothing of its own: what comes out is an Error such as out of memory. */
  private static RuntimeException unexpected(Throwable t) {
    if (t instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(t);
  }
}
