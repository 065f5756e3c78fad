package io.kvmstats.linux;

import io.kvmstats.core.binaryform.UserMemory;
import java.lang.foreign.MemorySegment;

/** This process's memory, of which every address that is asked for is there. */
final class OwnMemory implements UserMemory {

  @Override
  public long copyFrom(long address, MemorySegment into) {
    into.copyFrom(at(address, into.byteSize()));
    return into.byteSize();
  }

  @Override
  public long copyTo(long address, MemorySegment from) {
    at(address, from.byteSize()).copyFrom(from);
    return from.byteSize();
  }

  @SuppressWarnings("restricted") // Asked for by the code under test, as the kernel would be.
  private static MemorySegment at(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }
}
