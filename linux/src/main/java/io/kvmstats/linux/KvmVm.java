package io.kvmstats.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A VM of this process. */
public final class KvmVm implements AutoCloseable {
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;

  private final Fd fd;

  /** How long the area is that each vCPU shares with us. */
  private final long runBytes;

  KvmVm(Fd fd, long runBytes) {
    this.fd = fd;
    this.runBytes = runBytes;
  }

  /**
   * Opens the VM's statistics: its own alone, nothing summed over vCPUs.
   *
   * <p>The descriptor pins the VM in the kernel and reads on after it has ended, so it has to be
   * closed when it does.
   *
   * @return the stats fd
   * @throws LinuxException ENOTTY before Linux 5.14; EIO in another process than the VM's; EMFILE
   */
  public Fd statsFd() throws LinuxException {
    return new Fd(fd.ioctl("KVM_GET_STATS_FD", KvmAbi.GET_STATS_FD, 0), "the statistics of " + fd);
  }

  /**
   * {@return a new vCPU}
   *
   * @param id its number, unique in the VM
   * @throws LinuxException EEXIST, EINVAL when there are too many, ENOMEM, EMFILE
   */
  public KvmVcpu createVcpu(int id) throws LinuxException {
    Fd vcpu = new Fd(fd.ioctl("KVM_CREATE_VCPU", KvmAbi.CREATE_VCPU, id), "vCPU " + id);
    try {
      return new KvmVcpu(id, vcpu, Mapping.shared(vcpu, runBytes));
    } catch (LinuxException | RuntimeException e) {
      vcpu.close();
      throw e;
    }
  }

  /**
   * Gives the VM interrupt controllers in the kernel: on x86 two PICs, an IOAPIC, and a local APIC
   * with its timer for each vCPU created from now on.
   *
   * @throws LinuxException EEXIST, ...
   */
  public void createIrqchip() throws LinuxException {
    fd.ioctl("KVM_CREATE_IRQCHIP", KvmAbi.CREATE_IRQCHIP, 0);
  }

  /**
   * Lets the guest see memory of this process.
   *
   * @param slot the region's number
   * @param guestAddress where it is to the guest, on a page boundary
   * @param memory whole pages, which must stay mapped as long as the VM lives
   * @throws LinuxException EINVAL, EEXIST when regions overlap, ...
   */
  public void setUserMemoryRegion(int slot, long guestAddress, MemorySegment memory)
      throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment region = arena.allocate(KvmAbi.MEMORY_REGION_BYTES);
      region.set(ValueLayout.JAVA_INT_UNALIGNED, KvmAbi.MEMORY_REGION_SLOT, slot);
      region.set(U64, KvmAbi.MEMORY_REGION_GUEST_PHYS_ADDR, guestAddress);
      region.set(U64, KvmAbi.MEMORY_REGION_MEMORY_SIZE, memory.byteSize());
      region.set(U64, KvmAbi.MEMORY_REGION_USERSPACE_ADDR, memory.address());
      fd.ioctl("KVM_SET_USER_MEMORY_REGION", KvmAbi.SET_USER_MEMORY_REGION, region);
    }
  }

  /** Closes this descriptor; the VM ends when its vCPUs' and its stats fds are closed too. */
  @Override
  public void close() {
    fd.close();
  }
}
