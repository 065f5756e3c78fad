package io.kvmstats.core.binaryform;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** A program's memory, of which a part can be read and a part can be written. */
final class FakeMemory implements UserMemory {
  static final byte UNTOUCHED = (byte) 0xa5;

  final long start;
  final byte[] bytes;
  int readable;
  int writable;

  FakeMemory(long start, int size) {
    this.start = start;
    this.bytes = new byte[size];
    Arrays.fill(bytes, UNTOUCHED);
    readable = size;
    writable = size;
  }

  @Override
  public long copyFrom(long address, MemorySegment into) {
    long length = length(address, into.byteSize(), readable);
    if (length > 0) {
      MemorySegment.copy(MemorySegment.ofArray(bytes), address - start, into, 0, length);
    }
    return length;
  }

  @Override
  public long copyTo(long address, MemorySegment from) {
    long length = length(address, from.byteSize(), writable);
    if (length > 0) {
      MemorySegment.copy(from, 0, MemorySegment.ofArray(bytes), address - start, length);
    }
    return length;
  }

  private long length(long address, long wanted, int end) {
    boolean inside = Long.compareUnsigned(address, start) >= 0 && address - start < end;
    return inside && address - start >= 0 ? Math.min(wanted, end - (address - start)) : 0;
  }
}
