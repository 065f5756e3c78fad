package io.kvmstats.acquire;

import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.linux.Fd;

/**
 * A VM or vCPU whose statistics can be read: with one pread, from now on.
 *
 * <p>It keeps the object alive in the kernel, and readable after its end: close it when the end is
 * learned from elsewhere.
 *
 * @param vcpu the vCPU's number, {@link KvmFd#NO_VCPU} of a VM
 * @param file its id and schema, and where its data is
 * @param fd its stats fd
 * @param source how it was got
 */
public record StatsObject(int vcpu, StatsFile file, Fd fd, Source source) implements AutoCloseable {

  /** {@return whether this is a vCPU, not a VM} */
  public boolean isVcpu() {
    return vcpu != KvmFd.NO_VCPU;
  }

  /** {@return its stats file's bytes; the sweep reads them faster} */
  public ByteSource bytes() {
    return new FdSource(fd);
  }

  @Override
  public void close() {
    fd.close();
  }
}
