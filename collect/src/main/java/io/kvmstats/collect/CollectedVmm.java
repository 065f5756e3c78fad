package io.kvmstats.collect;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.StatsObject;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * A VMM whose objects are swept.
 *
 * @param acquired the VMM and its objects
 * @param objects each with its slot, in the same order
 * @param payer the user whose share it takes from; nobody's where there are no shares: what the
 *     kernel counts, and what root publishes
 */
public record CollectedVmm(AcquiredVmm acquired, List<CollectedObject> objects, OptionalInt payer) {

  /** {@return the same, with other slots} */
  CollectedVmm movedTo(Map<Slot, Slot> slots) {
    List<CollectedObject> moved =
        objects.stream()
            .map(o -> new CollectedObject(o.object(), Objects.requireNonNull(slots.get(o.slot()))))
            .toList();
    return new CollectedVmm(acquired, moved, payer);
  }

  /**
   * A VM or vCPU that is swept.
   *
   * @param object what is read
   * @param slot where its samples are
   */
  public record CollectedObject(StatsObject object, Slot slot) {
    /** {@return how much of the table it takes} */
    long bytes() {
      return SlotLayout.slotBytes(object.file().schema().dataBytes());
    }
  }
}
