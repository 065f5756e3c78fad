package io.kvmstats.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A file's memory, for writing words of it that are written too often to check each time.
 *
 * <p>{@link #close} gives the file back at once and leaves memory of nobody's in its place: a word
 * that is written afterwards goes nowhere. That is unmapped when no word of it is left.
 */
public final class WordMapping implements AutoCloseable {
  private final MemorySegment segment;
  private boolean closed;

  @SuppressWarnings("restricted") // The kernel says that the memory is there.
  private WordMapping(long address, long bytes) {
    this.segment =
        MemorySegment.ofAddress(address)
            .reinterpret(bytes, Arena.ofAuto(), mapped -> Libc.munmap(mapped.address(), bytes));
  }

  /**
   * Maps the start of a file for reading and writing, shared with all who have it open or mapped.
   *
   * @param fd open for both; may be closed afterwards
   * @param bytes how much, and no more than the file has
   * @return the file's memory
   * @throws LinuxException EACCES, EPERM when a seal forbids it, ENODEV, ENOMEM
   */
  public static WordMapping shared(Fd fd, long bytes) throws LinuxException {
    long address = Libc.mmap(0, bytes, Mapping.PROT_READ_WRITE, Mapping.MAP_SHARED, fd.number());
    return new WordMapping(LinuxException.check(address, "mmap", fd.toString()), bytes);
  }

  /** {@return the memory; after {@link #close}, nobody else's} */
  public MemorySegment segment() {
    return segment;
  }

  /**
   * {@return a word of the file}
   *
   * @param offset in bytes from its start, on 8 bytes
   * @throws IndexOutOfBoundsException when there is none
   */
  public Word word(long offset) {
    Objects.checkFromIndexSize(offset, Long.BYTES, segment.byteSize());
    if (offset % Long.BYTES != 0) {
      throw new IndexOutOfBoundsException("no word starts at byte " + offset);
    }
    return new Word(segment, offset);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      // Where the kernel had no memory for it, the file stays mapped as long as its words.
      Libc.mmap(
          segment.address(), segment.byteSize(), Mapping.PROT_READ_WRITE, Mapping.MAP_NOTHING, -1);
    }
  }
}
