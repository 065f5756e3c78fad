package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A vCPU's binary form from its stats fd, which its VM's sum needs too. */
final class StatsFdVcpu extends KvmBinaryForm {
  private final Fd vm;
  private final Fd stats;
  private final StatsBlock block;

  /**
   * Takes over a stats fd.
   *
   * @param vm and {@code vcpu}: it is kept open until both are closed
   */
  StatsFdVcpu(Fd vm, Fd vcpu, Fd stats, StatsBlock block) {
    super(vcpu, block.names());
    this.vm = vm;
    this.stats = stats;
    this.block = block;
  }

  Fd stats() {
    return stats;
  }

  @Override
  void read(MemorySegment into) throws IOException {
    block.read(stats, into);
  }

  /** Is called whenever one of the two has been closed. */
  synchronized void closeIfUnused() {
    if (!vm.isOpen() && !object().isOpen()) {
      stats.close();
    }
  }
}
