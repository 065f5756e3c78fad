package io.kvmstats.acquire;

import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.discover.KvmFd;

/**
 * A VM or vCPU whose statistics can be read: with a pread or two, from now on.
 *
 * <p>It keeps the object alive in the kernel, and readable after its end: close it when the end is
 * learned from elsewhere.
 *
 * @param held the descriptor it was got from, in the process that holds it: a stats fd, or with
 *     {@link Source#ATTACH} the VM's or vCPU's own
 * @param file its id and schema, and where its data is; of another process's vCPU the schema has
 *     the {@link ThreadTimes} behind the kernel's statistics
 * @param bytes its stats file, closed with this; a read of the data has these times behind it,
 *     where they are known
 * @param source how it was got
 */
public record StatsObject(KvmFd held, StatsFile file, StatsBytes bytes, Source source)
    implements AutoCloseable {

  /** {@return the vCPU's number, {@link KvmFd#NO_VCPU} of a VM} */
  public int vcpu() {
    return held.vcpu();
  }

  /** {@return whether this is a vCPU, not a VM} */
  public boolean isVcpu() {
    return vcpu() != KvmFd.NO_VCPU;
  }

  @Override
  public void close() {
    bytes.close();
  }
}
