package io.kvmstats.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * A vCPU of this process.
 *
 * <p>KVM wants one thread to create and run a vCPU, and lets any other call wait until it is not
 * running; only {@link #statsFd} data can be read meanwhile.
 */
public final class KvmVcpu implements AutoCloseable {
  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;

  private final int id;
  private final Fd fd;
  private final @Nullable KvmBinaryForm form;
  private final Mapping run;

  KvmVcpu(int id, Fd fd, @Nullable KvmBinaryForm form, Mapping run) {
    this.id = id;
    this.fd = fd;
    this.form = form;
    this.run = run;
  }

  /** {@return its number in the VM} */
  public int id() {
    return id;
  }

  /**
   * Opens the vCPU's statistics. Waits while the vCPU runs; reading them afterwards never does.
   *
   * <p>The descriptor pins the VM in the kernel and reads on after it has ended, so it has to be
   * closed when it does.
   *
   * @return the stats fd
   * @throws LinuxException ENOTTY or EINVAL before Linux 5.14; EIO in another process than the VM's
   */
  public Fd statsFd() throws LinuxException {
    return StatsFdVm.statsFd(fd);
  }

  /**
   * {@return the vCPU's statistics in the binary form of the RFC of March 2021, opened when it was
   * created and closed with it}
   *
   * @throws IllegalStateException when {@link KvmVm#binaryForm} was not asked for before that
   */
  public KvmBinaryForm binaryForm() {
    if (form == null) {
      throw new IllegalStateException(
          "the VM's binary form has to be asked for before " + fd + " is created");
    }
    return form;
  }

  /**
   * Gives an x86 vCPU all CPU features that KVM can.
   *
   * @param kvm the device
   * @throws LinuxException E2BIG, EINVAL, ...
   */
  public void setSupportedCpuid(Kvm kvm) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cpuid = arena.allocate(KvmAbi.CPUID2_BYTES);
      cpuid.set(U32, KvmAbi.CPUID2_NENT, KvmAbi.CPUID_ENTRIES_MAX);
      kvm.fd().ioctl("KVM_GET_SUPPORTED_CPUID", KvmAbi.GET_SUPPORTED_CPUID, cpuid);
      fd.ioctl("KVM_SET_CPUID2", KvmAbi.SET_CPUID2, cpuid);
    }
  }

  /**
   * Points an x86 vCPU, which starts in real mode, at its code.
   *
   * @param code the code segment's selector: its address divided by 16
   * @param ip where in it to start
   * @param sp the stack pointer, in the same segment
   * @param extra the extra segment's selector; the data segment is at 0
   * @throws LinuxException EINVAL, ...
   */
  public void setRealMode(int code, int ip, int sp, int extra) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment sregs = arena.allocate(KvmAbi.SREGS_BYTES);
      fd.ioctl("KVM_GET_SREGS", KvmAbi.GET_SREGS, sregs);
      setSegment(sregs, KvmAbi.SREGS_CS, code);
      setSegment(sregs, KvmAbi.SREGS_DS, 0);
      setSegment(sregs, KvmAbi.SREGS_ES, extra);
      setSegment(sregs, KvmAbi.SREGS_SS, code);
      fd.ioctl("KVM_SET_SREGS", KvmAbi.SET_SREGS, sregs);
      MemorySegment regs = arena.allocate(KvmAbi.REGS_BYTES);
      regs.set(U64, KvmAbi.REGS_RIP, ip);
      regs.set(U64, KvmAbi.REGS_RSP, sp);
      regs.set(U64, KvmAbi.REGS_RFLAGS, KvmAbi.RFLAGS_ALWAYS_SET);
      fd.ioctl("KVM_SET_REGS", KvmAbi.SET_REGS, regs);
    }
  }

  private static void setSegment(MemorySegment sregs, long segment, int selector) {
    sregs.set(U64, segment + KvmAbi.SEGMENT_BASE, (long) selector << 4);
    sregs.set(
        ValueLayout.JAVA_SHORT_UNALIGNED, segment + KvmAbi.SEGMENT_SELECTOR, (short) selector);
  }

  /**
   * Lets a vCPU run that would wait for another one to start it, as all but x86's first do.
   *
   * @throws LinuxException EINVAL, ...
   */
  public void makeRunnable() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      // struct kvm_mp_state: u32 mp_state; KVM_MP_STATE_RUNNABLE is 0.
      fd.ioctl("KVM_SET_MP_STATE", KvmAbi.SET_MP_STATE, arena.allocate(KvmAbi.MP_STATE_BYTES));
    }
  }

  /**
   * {@return how often per millisecond an x86 vCPU's time-stamp counter counts}
   *
   * @throws LinuxException EIO when the host's counter is unstable
   */
  public long tscKhz() throws LinuxException {
    return fd.ioctl("KVM_GET_TSC_KHZ", KvmAbi.GET_TSC_KHZ, 0);
  }

  /**
   * Runs the guest until it needs this process, on the calling thread.
   *
   * @return why it stopped
   * @throws LinuxException EFAULT when KVM can't go on, ...
   */
  public KvmExit run() throws LinuxException {
    long result = Libc.ioctl(fd.number(), KvmAbi.RUN, 0);
    if (result == -Errno.EINTR) {
      return KvmExit.INTERRUPTED;
    }
    LinuxException.check(result, "ioctl KVM_RUN", fd.toString());
    return KvmExit.of(run.segment().get(U32, KvmAbi.RUN_EXIT_REASON));
  }

  /** {@return the port, after {@link KvmExit#IO}} */
  public int ioPort() {
    return Short.toUnsignedInt(
        run.segment().get(ValueLayout.JAVA_SHORT_UNALIGNED, KvmAbi.RUN_IO_PORT));
  }

  /** {@return the guest's physical address, after {@link KvmExit#MMIO}} */
  public long mmioAddress() {
    return run.segment().get(U64, KvmAbi.RUN_MMIO_ADDRESS);
  }

  @Override
  public void close() {
    run.close();
    fd.close();
    if (form instanceof StatsFdVcpu stats) {
      stats.closeIfUnused();
    }
  }
}
