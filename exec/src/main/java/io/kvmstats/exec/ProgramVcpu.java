package io.kvmstats.exec;

import io.kvmstats.core.binaryform.ServedVcpu;
import io.kvmstats.core.binaryform.UserMemory;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.StatsBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A vCPU of the program's, with duplicates of its descriptor and its stats fd. */
final class ProgramVcpu implements ProgramObject {
  private final ProgramVm vm;
  private final Fd file;
  private final Fd stats;
  private final StatsBlock block;
  private final MemorySegment values;
  private final ServedVcpu served;

  ProgramVcpu(
      ProgramVm vm, Fd file, Fd stats, StatsBlock block, MemorySegment values, ServedVcpu served) {
    this.vm = vm;
    this.file = file;
    this.stats = stats;
    this.block = block;
    this.values = values;
    this.served = served;
  }

  @Override
  public Fd file() {
    return file;
  }

  @Override
  public ProgramVm vm() {
    return vm;
  }

  /** Reads the values anew. */
  void refresh() throws IOException {
    block.read(stats, values);
  }

  @Override
  public int answer(int request, long argument, UserMemory memory) throws IOException {
    if (request == Supervisor.ABI.getData()) {
      refresh();
    }
    return served.ioctl(request, argument, memory);
  }

  @Override
  public void close() {
    stats.close();
    file.close();
  }
}
