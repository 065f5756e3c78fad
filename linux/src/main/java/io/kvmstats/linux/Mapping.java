package io.kvmstats.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Memory mapped by mmap(2), unmapped with this object.
 *
 * <p>Pages are zero and cost nothing until they are touched. Using the segment after {@link #close}
 * throws. System calls get the bare address, so whoever closes sees to it that none is under way:
 * the kernel would go on writing to what may be another's memory by then.
 */
public final class Mapping implements AutoCloseable {
  private static final int PROT_READ = 1;
  static final int PROT_READ_WRITE = 3;
  static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_FIXED = 0x10;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_NORESERVE = 0x4000;

  /** In place of what was mapped there. */
  static final int MAP_NOTHING = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;

  @SuppressWarnings("restricted") // The kernel says that the memory is there.
  private Mapping(long address, long bytes, boolean writable) {
    MemorySegment memory =
        MemorySegment.ofAddress(address)
            .reinterpret(bytes, arena, mapped -> Libc.munmap(mapped.address(), bytes));
    this.segment = writable ? memory : memory.asReadOnly();
  }

  /**
   * Maps memory of this process alone.
   *
   * @param bytes how much, rounded up to pages by the kernel
   * @return zeroed memory
   * @throws LinuxException ENOMEM
   */
  public static Mapping anonymous(long bytes) throws LinuxException {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    long address = Libc.mmap(0, bytes, PROT_READ_WRITE, flags, -1);
    return new Mapping(LinuxException.check(address, "mmap", bytes + " bytes"), bytes, true);
  }

  /**
   * Maps the start of a file for reading and writing, shared with all who have it open or mapped.
   *
   * @param fd open for both; may be closed afterwards
   * @param bytes how much, rounded up to pages by the kernel
   * @return the file's memory; touching what is behind the file's end kills the process
   * @throws LinuxException EACCES, EPERM when a seal forbids it, ENODEV, ENOMEM
   */
  public static Mapping shared(Fd fd, long bytes) throws LinuxException {
    long address = Libc.mmap(0, bytes, PROT_READ_WRITE, MAP_SHARED, fd.number());
    return new Mapping(LinuxException.check(address, "mmap", fd.toString()), bytes, true);
  }

  /**
   * Maps the start of a file for reading and writing, shared with all who have it open or mapped.
   *
   * @param file its path
   * @param bytes how much, rounded up to pages by the kernel
   * @return the file's memory; touching what is behind the file's end kills the process
   * @throws LinuxException ENOENT, EACCES, ENODEV, ENOMEM
   */
  public static Mapping shared(Path file, long bytes) throws LinuxException {
    try (Fd fd = Fd.open(file.toString(), Fd.O_RDWR)) {
      return shared(fd, bytes);
    }
  }

  /**
   * Maps the start of a file for reading, shared with all who have it open or mapped: what they
   * write shows here. Of a memfd that is not sealed against shrinking, touching it may kill the
   * process.
   *
   * @param fd open for reading; may be closed afterwards
   * @param bytes how much, rounded up to pages by the kernel
   * @return the file's memory, which can't be written to
   * @throws LinuxException EACCES, ENODEV, ENOMEM
   */
  public static Mapping readOnly(Fd fd, long bytes) throws LinuxException {
    long address = Libc.mmap(0, bytes, PROT_READ, MAP_SHARED, fd.number());
    return new Mapping(LinuxException.check(address, "mmap", fd.toString()), bytes, false);
  }

  /** {@return the memory, usable from any thread until {@link #close}} */
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
