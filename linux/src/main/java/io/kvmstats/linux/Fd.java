package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;

/** An open file descriptor that is closed with this object, and what it is called in errors. */
public final class Fd implements AutoCloseable {
  /** open(2): for reading only. */
  static final int O_RDONLY = 0;

  /** open(2): for reading and writing. */
  static final int O_RDWR = 2;

  /** open(2): not for the programs this process starts. */
  static final int O_CLOEXEC = 0x80000;

  /** fcntl(2): duplicate. */
  static final int F_DUPFD_CLOEXEC = 1030;

  /** poll(2): there is something to read. */
  static final int POLLIN = 1;

  /** struct pollfd: int fd, short events, short revents. */
  static final long POLLFD_BYTES = 8;

  static final long POLLFD_EVENTS = 4;
  static final long POLLFD_REVENTS = 6;

  private static final int CLOSED = -1;

  private static final MethodHandle WRITE = Libc.bind("write");

  private final String subject;
  private int number;

  /**
   * Takes over a descriptor.
   *
   * @param number open, and nobody else's to close
   * @param subject what it is, for errors
   */
  Fd(long number, String subject) {
    this.number = Math.toIntExact(number);
    this.subject = subject;
  }

  /**
   * Opens a file, close-on-exec.
   *
   * @param path of the file
   * @param flags {@link #O_RDONLY} or {@link #O_RDWR}
   */
  static Fd open(String path, int flags) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long number = Libc.open(arena.allocateFrom(path).address(), flags | O_CLOEXEC);
      return new Fd(LinuxException.check(number, "open", path), path);
    }
  }

  /** {@return the number, for calls this class does not make; never to close it} */
  public int number() {
    if (number == CLOSED) {
      throw new IllegalStateException(subject + " is closed");
    }
    return number;
  }

  /**
   * Reads as pread(2) does, once: may return less than asked for.
   *
   * @param into is filled from its start; native memory
   * @param offset in bytes from the file's start
   * @return how many bytes were read, 0 at or past the end
   * @throws LinuxException EBADF, EFAULT, EINVAL, EIO, ...
   */
  public long pread(MemorySegment into, long offset) throws LinuxException {
    long n = tryPread(into, offset);
    return n < 0 ? LinuxException.check(n, "pread", subject) : n;
  }

  /**
   * Reads as {@link #pread} does, without allocating and without an exception.
   *
   * @param into is filled from its start; native memory
   * @param offset in bytes from the file's start
   * @return how many bytes were read, 0 at or past the end, or {@code -errno}
   */
  public long tryPread(MemorySegment into, long offset) {
    try {
      return Libc.pread(number(), into.address(), into.byteSize(), offset);
    } finally {
      Reference.reachabilityFence(into);
    }
  }

  /**
   * {@return what the kernel says this descriptor is, such as {@code anon_inode:kvm-vm-stats}: the
   * same in every process that holds it}
   *
   * @throws IOException when /proc can't be read
   */
  public String link() throws IOException {
    return Files.readSymbolicLink(Path.of("/proc/self/fd", Integer.toString(number()))).toString();
  }

  /** An ioctl whose argument is a number. */
  long ioctl(String name, int request, long argument) throws LinuxException {
    return LinuxException.check(tryIoctl(request, argument), "ioctl " + name, subject);
  }

  /** An ioctl whose argument is a number, without an exception: its result or {@code -errno}. */
  long tryIoctl(int request, long argument) {
    long result;
    do {
      result = Libc.ioctl(number(), request, argument);
    } while (result == -Errno.EINTR);
    return result;
  }

  /** An ioctl whose argument is a structure. */
  long ioctl(String name, int request, MemorySegment argument) throws LinuxException {
    try {
      return ioctl(name, request, argument.address());
    } finally {
      Reference.reachabilityFence(argument);
    }
  }

  /**
   * Waits until there is something to read, or an error or the end to see.
   *
   * @param timeoutMillis how long; 0 not to wait, -1 for as long as it takes
   * @return POLL* bits, 0 when the time is over
   */
  int poll(int timeoutMillis) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pollfd = arena.allocate(POLLFD_BYTES, Integer.BYTES);
      pollfd.set(ValueLayout.JAVA_INT, 0, number());
      pollfd.set(ValueLayout.JAVA_SHORT, POLLFD_EVENTS, (short) POLLIN);
      long ready;
      do {
        ready = Libc.poll(pollfd.address(), 1, timeoutMillis);
      } while (ready == -Errno.EINTR);
      LinuxException.check(ready, "poll", toString());
      return Short.toUnsignedInt(pollfd.get(ValueLayout.JAVA_SHORT, POLLFD_REVENTS));
    }
  }

  /**
   * Writes, and waits as long as it takes.
   *
   * @param bytes all of which are to be written, or as many as there is room for
   * @return how many were
   * @throws LinuxException what write(2) fails with, such as EPIPE
   */
  public int write(byte[] bytes) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocate(bytes.length);
      MemorySegment.copy(bytes, 0, from, ValueLayout.JAVA_BYTE, 0, bytes.length);
      long n = Libc.call(WRITE, number(), from.address(), bytes.length, 0, 0, 0);
      return (int) LinuxException.check(n, "write", toString());
    }
  }

  /**
   * {@return another descriptor of the same open file, close-on-exec}
   *
   * @throws LinuxException EMFILE
   */
  public Fd duplicate() throws LinuxException {
    long other = Libc.fcntl(number(), F_DUPFD_CLOEXEC, 0);
    return new Fd(LinuxException.check(other, "fcntl F_DUPFD_CLOEXEC", toString()), subject);
  }

  boolean isOpen() {
    return number != CLOSED;
  }

  @Override
  public void close() {
    if (number != CLOSED) {
      int open = number;
      number = CLOSED;
      // Linux frees the number whatever close returns; no caller could do anything about an error.
      Libc.close(open);
    }
  }

  @Override
  public String toString() {
    return subject + (number == CLOSED ? " (closed)" : " (fd " + number + ")");
  }
}
