package io.kvmstats.discover;

import io.kvmstats.linux.Pidfd;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A process that holds VMs, or publishes what it says are some, as one scan found it.
 *
 * <p>A list has each open file once, however often its descriptor was duplicated. Two stats fds can
 * be of one object all the same; only in a process with a single VM can that be told.
 *
 * <p>Held by its pidfd until {@link #close}, so that what is done by its pid can be checked to have
 * hit this process and no later one.
 *
 * @param process the process
 * @param key what tells it from every other process since boot
 * @param program the VMM's program, such as {@code qemu-system-x86_64}
 * @param identity what its VM is called, where somebody says so
 * @param vms its VMs, one descriptor each; where it has none of KVM's, those that it publishes
 * @param vcpus its vCPUs, one descriptor each; where it has none of KVM's, those that it publishes
 * @param vmStats its open stats fds of VMs, one descriptor each: all KVM's, or all published
 * @param vcpuStats its open stats fds of vCPUs, one descriptor each, likewise
 */
public record Vmm(
    Pidfd process,
    Key key,
    String program,
    VmIdentity identity,
    List<KvmFd> vms,
    List<KvmFd> vcpus,
    List<KvmFd> vmStats,
    List<KvmFd> vcpuStats)
    implements AutoCloseable {

  /**
   * A process's identity.
   *
   * @param pid may come again
   * @param startTicks when it started, in clock ticks after boot: with it, the pid can't
   */
  public record Key(int pid, long startTicks) {}

  /** {@return the pid, for people: see {@link Key}} */
  public int pid() {
    return key.pid();
  }

  /** {@return what its VM is called, where somebody says so} */
  public Optional<VmName> name() {
    return identity.name();
  }

  /** {@return whether its statistics are the process's own account, and not the kernel's} */
  public boolean isPublished() {
    return Stream.concat(vmStats.stream(), vcpuStats.stream())
        .anyMatch(fd -> fd.kind().isPublished());
  }

  /**
   * {@return whether the process had descriptors of the same numbers and kinds at both scans; they
   * may be other files by now}
   *
   * @param other the same process at another time
   */
  public boolean holdsTheSameAs(Vmm other) {
    return key.equals(other.key)
        && vms.equals(other.vms)
        && vcpus.equals(other.vcpus)
        && vmStats.equals(other.vmStats)
        && vcpuStats.equals(other.vcpuStats);
  }

  /** {@return the same process with the same descriptors, held by another pidfd} */
  Vmm with(Pidfd other) {
    return new Vmm(other, key, program, identity, vms, vcpus, vmStats, vcpuStats);
  }

  @Override
  public void close() {
    process.close();
  }
}
