package io.kvmstats.acquire;

import io.kvmstats.discover.Vmm;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A VMM, and what of its VMs' statistics can be read.
 *
 * @param vmm the process, closed with this
 * @param objects its VMs, then its vCPUs, by number; empty when there is no source
 * @param shortfall why not everything can be read, and what would help; empty when all can
 * @param refused whether something was refused, that may be granted another time
 */
public record AcquiredVmm(
    Vmm vmm, List<StatsObject> objects, Optional<String> shortfall, boolean refused)
    implements AutoCloseable {

  /** {@return how its objects are read, if any is; where in several ways, the last one tried} */
  public Optional<Source> source() {
    return objects.stream().map(StatsObject::source).max(Comparator.naturalOrder());
  }

  /**
   * {@return whether something may be there another time, though the process holds the same: see
   * {@link Acquirer#retry}}
   */
  public boolean isIncomplete() {
    return refused || VcpuThreads.lackOne(objects);
  }

  /**
   * {@return whether the process still holds just what was acquired: the same descriptors, and the
   * same open files behind them}
   *
   * @param now the same process, as a later scan found it
   */
  public boolean isStill(Vmm now) {
    return now.holdsTheSameAs(vmm)
        && objects.stream()
            .allMatch(object -> object.bytes().isHeldBy(now.pid(), object.held().number()));
  }

  @Override
  public void close() {
    objects.forEach(StatsObject::close);
    vmm.close();
  }
}
