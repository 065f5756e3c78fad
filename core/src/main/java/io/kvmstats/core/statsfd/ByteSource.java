package io.kvmstats.core.statsfd;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Where a stats file's bytes come from: a fd, a recording, an array. */
@FunctionalInterface
public interface ByteSource {

  /**
   * Reads bytes, as pread(2) does.
   *
   * @param offset where to start, in bytes from the file's start
   * @param into is filled from its start
   * @return how many bytes were read: fewer than asked for only at the end of the file, 0 there
   * @throws IOException when nothing could be read
   */
  long read(long offset, MemorySegment into) throws IOException;

  /**
   * {@return a source of bytes in memory}
   *
   * @param file all bytes of the stats file
   */
  static ByteSource of(MemorySegment file) {
    return (offset, into) -> {
      long length = Math.clamp(file.byteSize() - offset, 0, into.byteSize());
      if (length > 0) {
        MemorySegment.copy(file, offset, into, 0, length);
      }
      return length;
    };
  }
}
