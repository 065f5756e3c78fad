package io.kvmstats.acquire;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VcpuThread;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.Schedstat;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Finds the threads that run a VMM's vCPUs. */
final class VcpuThreads {
  private static final Duration LIMIT = Duration.ofMillis(200);

  private final Vmm vmm;
  private final List<StatsObject> vcpus;
  private final Map<String, Long> withId;
  private final Map<Integer, Long> withNumber;

  /**
   * Looks at vCPUs.
   *
   * @param vmm whose they are
   * @param objects all that was acquired of it
   */
  VcpuThreads(Vmm vmm, List<StatsObject> objects) {
    this.vmm = vmm;
    this.vcpus = objects.stream().filter(object -> object.bytes() instanceof VcpuBytes).toList();
    this.withId = vcpus.stream().collect(groupingBy(vcpu -> vcpu.file().id(), counting()));
    this.withNumber = vcpus.stream().collect(groupingBy(StatsObject::vcpu, counting()));
  }

  /** {@return whether one is not known, and may be later} */
  static boolean lackOne(List<StatsObject> objects) {
    return objects.stream()
        .anyMatch(o -> o.bytes() instanceof VcpuBytes vcpu && vcpu.tid() == VcpuBytes.UNKNOWN);
  }

  /**
   * Finds those that are not known yet, and can be by now; for a moment, since all of a large VMM's
   * threads may be looked at for each. In any order, so that each one has its turn.
   */
  void find() {
    List<StatsObject> unknown = new ArrayList<>(vcpus);
    unknown.removeIf(vcpu -> bytes(vcpu).tid() != VcpuBytes.UNKNOWN || !isTheOnlyOne(vcpu));
    Collections.shuffle(unknown);
    long start = System.nanoTime();
    for (StatsObject vcpu : unknown) {
      if (System.nanoTime() - start > LIMIT.toNanos()) {
        return;
      }
      find(vcpu);
    }
  }

  private static VcpuBytes bytes(StatsObject vcpu) {
    return (VcpuBytes) vcpu.bytes();
  }

  /**
   * {@return whether no other vCPU of the process can be taken for it: those of one number, of
   * several VMs, are all known, and each was created by a thread of its own}
   */
  private boolean isTheOnlyOne(StatsObject vcpu) {
    long held =
        vmm.vcpus().stream()
            .filter(fd -> fd.kind() == KvmFd.Kind.VCPU && fd.vcpu() == vcpu.vcpu())
            .count();
    return held > 0
        && withNumber.getOrDefault(vcpu.vcpu(), 0L) == held
        && withId.getOrDefault(vcpu.file().id(), 0L) == 1;
  }

  private void find(StatsObject vcpu) {
    try {
      OptionalInt tid = VcpuThread.of(vmm, vcpu.vcpu(), vcpu.file().id());
      if (tid.isEmpty()) {
        return;
      }
      Schedstat schedstat = Schedstat.open(vmm.pid(), tid.getAsInt());
      // Again, now that the file is open: whoever had the number before can't be the one.
      if (!Descriptors.hasRoomBeside(schedstat.number())
          || !VcpuThread.of(vmm, vcpu.vcpu(), vcpu.file().id()).equals(tid)) {
        schedstat.close();
        return;
      }
      bytes(vcpu).runsOn(tid.getAsInt(), schedstat);
      List<StatsObject> onIt =
          vcpus.stream().filter(other -> bytes(other).tid() == tid.getAsInt()).toList();
      if (onIt.size() > 1) {
        onIt.forEach(shared -> bytes(shared).sharesThread());
      }
    } catch (IOException e) {
      // Ended, or not for us to see: it stays unknown, and its times absent.
    }
  }
}
