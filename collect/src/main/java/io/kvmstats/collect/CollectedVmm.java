package io.kvmstats.collect;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.StatsObject;
import java.util.List;

/**
 * A VMM whose objects are swept.
 *
 * @param acquired the VMM and its objects
 * @param objects each with its slot, in the same order
 */
public record CollectedVmm(AcquiredVmm acquired, List<CollectedObject> objects) {

  /**
   * A VM or vCPU that is swept.
   *
   * @param object what is read
   * @param slot where its samples are
   */
  public record CollectedObject(StatsObject object, Slot slot) {}
}
