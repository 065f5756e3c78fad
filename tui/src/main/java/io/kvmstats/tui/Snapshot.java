package io.kvmstats.tui;

import io.kvmstats.collect.VmmView;
import io.kvmstats.discover.Hidden;
import java.time.Instant;
import java.util.List;

/**
 * What one sweep found. Immutable: it goes from the thread that reads to the one that draws.
 *
 * @param time of the sweep, for people
 * @param nanos of the sweep, as {@link System#nanoTime} counts
 * @param vmms by pid
 * @param hidden processes that seem to hold VMs that can't be got at
 * @param trouble why nothing newer can be read; empty when all is well
 */
record Snapshot(
    Instant time, long nanos, List<ObservedVmm> vmms, List<Hidden> hidden, String trouble) {
  static final Snapshot NOTHING = new Snapshot(Instant.EPOCH, 0, List.of(), List.of(), "");

  /** {@return whether nothing has been read yet} */
  boolean isNothing() {
    return nanos == 0;
  }

  /** {@return what the objects' newest samples are now} */
  static Snapshot of(List<VmmView> vmms, List<Hidden> hidden) {
    List<ObservedVmm> observed =
        vmms.stream()
            .map(vmm ->
                new ObservedVmm(
                    vmm,
                    vmm.objects().stream()
                        .map(object -> new Observed(object, object.read()))
                        .toList()))
            .toList();
    return new Snapshot(Instant.now(), System.nanoTime(), observed, hidden, "");
  }

  /** {@return the same numbers, and why there are no newer ones} */
  Snapshot with(String why) {
    return new Snapshot(time, nanos, vmms, hidden, why);
  }
}
