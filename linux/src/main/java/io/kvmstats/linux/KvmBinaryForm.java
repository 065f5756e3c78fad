package io.kvmstats.linux;

import io.kvmstats.core.binaryform.StatNames;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The statistics of a VM or a vCPU in the binary form of the RFC of March 2021: a number of them,
 * their names, and whenever wanted their values.
 *
 * <p>A VM has its own statistics, followed by every vCPU statistic summed over its vCPUs: zeros as
 * long as it has none, and with those whose {@link KvmVcpu} has been closed, which exist in the
 * kernel as long as their VM. A vCPU has its own.
 *
 * <p>The results are the same on a kernel that has the RFC's ioctls and on one that has stats fds,
 * with two differences that are the kernels'. Of stats fds only single values are shown, not
 * histograms, and names are cut to 31 bytes. And the ioctls wait on a vCPU until it is not running,
 * as every ioctl on it does; reading its stats fd never waits.
 *
 * <p>Any thread; calls of {@link #data} on a VM and its vCPUs wait for each other.
 */
public abstract sealed class KvmBinaryForm permits IoctlForm, StatsFdVcpu, StatsFdVm {
  private final Fd object;
  private final StatNames names;
  private final long bytes;

  KvmBinaryForm(Fd object, StatNames names) {
    this.object = object;
    this.names = names;
    this.bytes = (long) names.names().size() * Long.BYTES;
  }

  /** {@return how many statistics there are: KVM_STATS_GET_INFO; never changes} */
  public final int info() {
    return names.names().size();
  }

  /** {@return their names: KVM_STATS_GET_NAMES; never changes} */
  public final StatNames names() {
    return names;
  }

  /**
   * Reads the values, without allocating: KVM_STATS_GET_DATA.
   *
   * @param into gets {@link #info} u64s of this machine's byte order, in the order of the names,
   *     from its start; may be longer, and is left alone when this fails
   * @throws LinuxException EINVAL when it is too short; any error of the kernel's
   * @throws IOException when the kernel has less than it said
   * @throws IllegalStateException when the {@link KvmVm} or {@link KvmVcpu} is closed
   */
  public final void data(MemorySegment into) throws IOException {
    object.number(); // Closed is closed, also where a stats fd could still be read.
    if (into.byteSize() < bytes) {
      throw new LinuxException("KVM_STATS_GET_DATA", object.toString(), Errno.EINVAL);
    }
    read(into);
  }

  /** Reads {@link #bytes}, or leaves them as they are. */
  abstract void read(MemorySegment into) throws IOException;

  final Fd object() {
    return object;
  }

  final long bytes() {
    return bytes;
  }
}
