package io.kvmstats.linux;

import java.io.IOException;

/** {@code /dev/kvm}, open. */
public final class Kvm implements AutoCloseable {
  private static final String DEVICE = "/dev/kvm";

  private final Fd fd;

  private Kvm(Fd fd) {
    this.fd = fd;
  }

  /**
   * Opens /dev/kvm.
   *
   * @throws LinuxException ENOENT without KVM; EACCES without permission
   * @throws IOException when its interface is not the one stable since Linux 2.6.22
   */
  public static Kvm open() throws IOException {
    Kvm kvm = new Kvm(Fd.open(DEVICE, Fd.O_RDWR));
    try {
      long version = kvm.fd.ioctl("KVM_GET_API_VERSION", KvmAbi.GET_API_VERSION, 0);
      if (version != KvmAbi.API_VERSION) {
        throw new IOException(DEVICE + " has API version " + version + ", not 12");
      }
      return kvm;
    } catch (IOException | RuntimeException e) {
      kvm.close();
      throw e;
    }
  }

  /**
   * {@return KVM_CHECK_EXTENSION's answer: 0 where the capability is missing, else what its
   * documentation says}
   *
   * @param capability a KVM_CAP_* number
   * @throws LinuxException EINVAL, ...
   */
  public int checkExtension(int capability) throws LinuxException {
    return (int) fd.ioctl("KVM_CHECK_EXTENSION", KvmAbi.CHECK_EXTENSION, capability);
  }

  /**
   * {@return whether VMs and vCPUs have stats fds: KVM_CAP_BINARY_STATS_FD, since Linux 5.14}
   *
   * @throws LinuxException EINVAL, ...
   */
  public boolean hasStatsFd() throws LinuxException {
    return checkExtension(KvmAbi.CAP_BINARY_STATS_FD) == 1;
  }

  /**
   * {@return a new VM of the default type, this process's}
   *
   * @throws LinuxException EMFILE, ENOMEM, ...
   */
  public KvmVm createVm() throws LinuxException {
    long runBytes = fd.ioctl("KVM_GET_VCPU_MMAP_SIZE", KvmAbi.GET_VCPU_MMAP_SIZE, 0);
    long number = fd.ioctl("KVM_CREATE_VM", KvmAbi.CREATE_VM, 0);
    return new KvmVm(new Fd(number, "a VM"), runBytes);
  }

  Fd fd() {
    return fd;
  }

  /** Closes this descriptor; VMs made through it live on. */
  @Override
  public void close() {
    fd.close();
  }
}
