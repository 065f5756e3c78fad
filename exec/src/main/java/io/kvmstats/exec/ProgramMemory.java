package io.kvmstats.exec;

import io.kvmstats.core.binaryform.UserMemory;
import io.kvmstats.linux.ProcessMemory;
import java.lang.foreign.MemorySegment;

/** The memory of the program's thread that makes the ioctl that is being answered. */
final class ProgramMemory implements UserMemory {
  private final ProcessMemory memory = new ProcessMemory();
  private int thread;

  /** From now on it is another one's. */
  void turnTo(int caller) {
    thread = caller;
  }

  @Override
  public long copyFrom(long address, MemorySegment into) {
    return memory.read(thread, address, into);
  }

  @Override
  public long copyTo(long address, MemorySegment from) {
    return memory.write(thread, address, from);
  }
}
