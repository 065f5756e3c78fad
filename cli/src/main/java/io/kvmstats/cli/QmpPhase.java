package io.kvmstats.cli;

import io.kvmstats.acquire.Source;
import io.kvmstats.discover.Vmm;
import io.kvmstats.qmp.QmpVm;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Asks QEMU for all it knows of its VM and vCPUs, and waits for the answer. */
final class QmpPhase implements Phase {
  private final QmpVm vm;
  private final List<MemorySegment> blocks;

  private QmpPhase(QmpVm vm) {
    this.vm = vm;
    this.blocks =
        vm.objects().stream()
            .map(object -> new long[Math.toIntExact(object.schema().dataBytes() / Long.BYTES)])
            .map(MemorySegment::ofArray)
            .toList();
  }

  /**
   * Connects to a QEMU that has a QMP socket, and does not ask yet.
   *
   * @param pid its own
   * @throws IOException when it does not answer as QEMU does
   */
  static QmpPhase start(int pid) throws IOException {
    try (Vmm vmm = AttachPhase.find(pid)) {
      return new QmpPhase(QmpVm.open(vmm));
    }
  }

  /** {@return QEMU's version, such as {@code 7.2.22}} */
  String version() {
    return vm.version();
  }

  @Override
  public String name() {
    return Source.QMP.label();
  }

  @Override
  public boolean reads() {
    return true;
  }

  @Override
  public int perSecond() {
    return SweepPhase.PER_SECOND;
  }

  @Override
  public void read() throws IOException {
    if (vm.query(blocks).contains(0L)) {
      throw new IOException("qmp: QEMU does not say all of it");
    }
  }

  @Override
  public void close() {
    vm.close();
  }
}
