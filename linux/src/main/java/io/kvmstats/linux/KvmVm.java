package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** A VM of this process. */
public final class KvmVm implements AutoCloseable {
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;

  private final Fd fd;

  /** How long the area is that each vCPU shares with us. */
  private final long runBytes;

  private @Nullable KvmBinaryForm form;
  private boolean hasVcpus;

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
    return StatsFdVm.statsFd(fd);
  }

  /**
   * Opens the VM's statistics in the binary form of the RFC of March 2021. On a kernel that has its
   * ioctls they are used, and on another one stats fds: one for the VM, and from now on one for
   * each vCPU, opened when it is created and closed when both it and the VM are.
   *
   * <p>Has to be asked for before the first vCPU is created: the statistics of a vCPU that runs
   * can't be opened without waiting until it does not. Opens /dev/kvm, for a look at what vCPUs
   * have.
   *
   * @return the same each time; closed with this VM
   * @throws IOException when the kernel has neither, or whether it has the ioctls is uncertain, or
   *     it refuses
   * @throws IllegalStateException when it is asked for first after a vCPU has been created
   */
  public synchronized KvmBinaryForm binaryForm() throws IOException {
    if (form == null) {
      if (hasVcpus) {
        throw new IllegalStateException(
            "the binary form has to be asked for before the first vCPU is created");
      }
      form = openForm();
    }
    return form;
  }

  private KvmBinaryForm openForm() throws IOException {
    Ioctls ioctls = fd::tryIoctl;
    if (IoctlForm.isServed(ioctls, fd)) {
      return IoctlForm.ask(ioctls, fd);
    }
    return StatsFdVm.open(fd, ioctls);
  }

  private @Nullable KvmBinaryForm addToForm(Fd vcpu) throws IOException {
    return switch (form) {
      case null -> null;
      case StatsFdVm ofVm -> ofVm.addVcpu(vcpu);
      default -> IoctlForm.ask(vcpu::tryIoctl, vcpu);
    };
  }

  /**
   * {@return a new vCPU}
   *
   * @param id its number, unique in the VM
   * @throws LinuxException EEXIST, EINVAL when there are too many, ENOMEM, EMFILE
   * @throws IOException when its {@link #binaryForm} was asked for, and it does not have it
   */
  public synchronized KvmVcpu createVcpu(int id) throws IOException {
    Fd vcpu = new Fd(fd.ioctl("KVM_CREATE_VCPU", KvmAbi.CREATE_VCPU, id), "vCPU " + id);
    hasVcpus = true;
    try {
      return new KvmVcpu(id, vcpu, addToForm(vcpu), Mapping.shared(vcpu, runBytes));
    } catch (IOException | RuntimeException e) {
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
    if (form instanceof StatsFdVm stats) {
      stats.close();
    }
  }
}
