package io.kvmstats.bench;

import io.kvmstats.acquire.StatsObject;
import io.kvmstats.acquire.ThreadTimes;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.StatsFile;
import java.util.List;

/** A vCPU as KVM alone counts it: swept without the times of its thread. */
final class KernelsAlone {
  private KernelsAlone() {}

  /**
   * {@return the same object, read by the same descriptor, with a schema as the kernel wrote it}
   */
  static StatsObject of(StatsObject object) {
    StatsFile file = object.file();
    List<Descriptor> kernels =
        file.schema().descriptors().stream().filter(stat -> !ThreadTimes.has(stat.name())).toList();
    return new StatsObject(
        object.held(),
        new StatsFile(file.id(), new Schema(kernels), file.dataOffset()),
        object.bytes(),
        object.source());
  }
}
