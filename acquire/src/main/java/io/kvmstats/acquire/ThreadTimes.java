package io.kvmstats.acquire;

import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.linux.Schedstat;
import java.util.ArrayList;
import java.util.List;

/**
 * The statistics that are ours, not KVM's: how long the thread that runs a vCPU ran, and how long
 * it waited for a CPU of the host. The latter is what the guest sees as steal time
 * (record_steal_time, {@code arch/x86/kvm/x86.c}, Linux 6.12).
 *
 * <p>They stand behind the kernel's in the schema of every vCPU of another process, and are absent
 * from the samples of those whose thread is not known. A statistic of KVM's is named as a field of
 * a C struct is, so none can have a name with a dot.
 */
public final class ThreadTimes {
  private static final List<String> NAMES = List.of("schedstat.run_ns", "schedstat.wait_ns");
  private static final int NANOS = -9;

  private ThreadTimes() {}

  /**
   * {@return a vCPU's schema with these behind the kernel's statistics: cumulative, in ns}
   *
   * @param kernels that of its stats file
   */
  public static Schema behind(Schema kernels) {
    List<Descriptor> all = new ArrayList<>(kernels.descriptors());
    int flags = Descriptor.flags(StatType.CUMULATIVE, Unit.SECONDS, Base.POW10);
    long offset = kernels.dataBytes();
    for (String name : NAMES) {
      all.add(new Descriptor(name, flags, NANOS, 1, offset, 0));
      offset += Schedstat.BYTES / NAMES.size();
    }
    return new Schema(all);
  }

  /**
   * {@return whether a statistic is one of these}
   *
   * @param stat its name, in a vCPU's schema that nobody published
   */
  public static boolean has(String stat) {
    return NAMES.contains(stat);
  }
}
