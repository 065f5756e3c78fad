package io.kvmstats.cli;

import io.kvmstats.acquire.Source;
import io.kvmstats.collect.Collector;
import io.kvmstats.collect.VmmView;
import java.io.IOException;

/** Sweeps over descriptors that the VMM keeps open: what all commands do, only more often. */
final class SweepPhase implements Phase {
  static final int PER_SECOND = 1000;

  /** More than it takes to have the code compiled, as it is in what reads all the time. */
  private static final int WARM_UPS = 20_000;

  private final Collector collector;

  private SweepPhase(Collector collector) {
    this.collector = collector;
  }

  /**
   * Acquires a VM, and does not read it yet.
   *
   * @param pid its VMM's
   * @throws IOException when not all of it can be read
   */
  static SweepPhase start(int pid) throws IOException {
    Collector collector = new Collector(vmm -> vmm.pid() == pid);
    try {
      collector.refresh();
      for (VmmView vmm : collector.vmms()) {
        if (vmm.shortfall().isEmpty()) {
          SweepPhase phase = new SweepPhase(collector);
          warmUp(phase);
          return phase;
        }
        throw new IOException(vmm.shortfall().get());
      }
      throw new IOException("no VM is found in process " + pid);
    } catch (IOException | RuntimeException e) {
      collector.close();
      throw e;
    }
  }

  static void warmUp(Phase phase) throws IOException {
    for (int i = 0; i < WARM_UPS; i++) {
      phase.read();
    }
  }

  @Override
  public String name() {
    return Source.DUP.label();
  }

  @Override
  public boolean reads() {
    return true;
  }

  @Override
  public int perSecond() {
    return PER_SECOND;
  }

  @Override
  public void read() {
    collector.sweep();
  }

  @Override
  public void close() {
    collector.close();
  }
}
