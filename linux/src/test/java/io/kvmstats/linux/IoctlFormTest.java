package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.kvmstats.core.binaryform.Abi;
import io.kvmstats.core.binaryform.ServedVcpu;
import io.kvmstats.core.binaryform.ServedVm;
import io.kvmstats.core.binaryform.StatNames;
import io.kvmstats.core.catalog.RfcNames;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The client on a kernel that has the RFC's ioctls, whose part the server plays. */
class IoctlFormTest {
  /** As long as a name can be: nothing stands behind it. */
  private static final String FULL = "instruction_sigp_stop_store_stat";

  private static final Abi ABI = Abi.of(System.getProperty("os.arch"));
  private static final StatNames OWN = new StatNames(List.of("remote_tlb_flush", "pages"));
  private static final StatNames PER_VCPU = new StatNames(List.of("exits", FULL, "halts"));

  /** What KVM_CAP_SET_GUEST_DEBUG2, which has the capability's number now, is on x86. */
  private static final long GUEST_DEBUG2 = 0x1f0003;

  private static final int ENOMEM = 12;

  private final OwnMemory memory = new OwnMemory();
  private final ServedVm served = new ServedVm(ABI, memory, OWN, values(7, -1), PER_VCPU);
  private final Ioctls kernel = (request, argument) -> served.ioctl(request, argument, memory);

  /** Only its name and whether it is closed matter. */
  private Fd fd;

  @BeforeEach
  void open() throws IOException {
    fd = Fd.open("/dev/null", Fd.O_RDONLY);
  }

  @AfterEach
  void close() {
    fd.close();
  }

  private static MemorySegment values(long... values) {
    return MemorySegment.ofArray(values);
  }

  private static MemorySegment values(LongStream values) {
    return values(values.toArray());
  }

  private static long[] data(KvmBinaryForm form) throws IOException {
    long[] values = new long[form.info()];
    form.data(MemorySegment.ofArray(values));
    return values;
  }

  @Test
  void aVmHasItsOwnAndItsVcpusStatistics() throws IOException {
    assertThat(IoctlForm.isServed(kernel, fd)).isTrue();
    IoctlForm form = IoctlForm.ask(kernel, fd);
    assertThat(form.info()).isEqualTo(5);
    assertThat(form.names()).isEqualTo(OWN.then(PER_VCPU));
    assertThat(data(form)).containsExactly(7, -1, 0, 0, 0);
    served.addVcpu(values(1, 2, Long.MAX_VALUE));
    served.addVcpu(values(10, 20, Long.MAX_VALUE));
    assertThat(data(form)).containsExactly(7, -1, 11, 22, -2);
  }

  @Test
  void aVcpuHasItsOwn() throws IOException {
    served.addVcpu(values(1, 2, 3));
    ServedVcpu vcpu = served.addVcpu(values(10, 20, 30));
    IoctlForm form =
        IoctlForm.ask((request, argument) -> vcpu.ioctl(request, argument, memory), fd);
    assertThat(form.info()).isEqualTo(3);
    assertThat(form.names()).isEqualTo(PER_VCPU);
    assertThat(data(form)).containsExactly(10, 20, 30);
  }

  /** As a kernel of that time has them, s390's names without a NUL and in the wrong order too. */
  @ParameterizedTest
  @CsvSource({"x86, 11, 28", "s390, 6, 98"})
  void aVmOfTheRfcsTimeIsLabelled(String architecture, int own, int perVcpu) throws IOException {
    RfcNames era = RfcNames.of(architecture).getFirst();
    ServedVm then =
        new ServedVm(ABI, memory, era.vm(), values(LongStream.range(0, own)), era.vcpu());
    ServedVcpu vcpu = then.addVcpu(values(LongStream.range(1000, 1000 + perVcpu)));
    then.addVcpu(values(LongStream.generate(() -> 1_000_000).limit(perVcpu)));

    IoctlForm ofVm =
        IoctlForm.ask((request, argument) -> then.ioctl(request, argument, memory), fd);
    assertThat(ofVm.info()).isEqualTo(own + perVcpu);
    assertThat(ofVm.names()).isEqualTo(era.vm().then(era.vcpu()));
    assertThat(data(ofVm))
        .containsExactly(
            LongStream.concat(
                    LongStream.range(0, own), LongStream.range(1_001_000, 1_001_000 + perVcpu))
                .toArray());

    IoctlForm ofVcpu =
        IoctlForm.ask((request, argument) -> vcpu.ioctl(request, argument, memory), fd);
    assertThat(ofVcpu.names()).isEqualTo(era.vcpu());
    assertThat(data(ofVcpu)).containsExactly(LongStream.range(1000, 1000 + perVcpu).toArray());
  }

  @Test
  void dataTakesWhatItNeedsAndNoLess() throws IOException {
    IoctlForm form = IoctlForm.ask(kernel, fd);
    byte[] bytes = new byte[5 * 8 + 3];
    Arrays.fill(bytes, (byte) 0x5a);
    byte[] before = bytes.clone();
    for (int tooSmall : new int[] {0, 8, 5 * 8 - 1}) {
      MemorySegment into = MemorySegment.ofArray(bytes).asSlice(0, tooSmall);
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> form.data(into))
          .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    }
    assertThat(bytes).isEqualTo(before);
    form.data(MemorySegment.ofArray(bytes));
    assertThat(Arrays.copyOfRange(bytes, 40, 43)).isEqualTo(Arrays.copyOf(before, 3));
    assertThat(MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(7);
  }

  /** The kernel has no memory for the sums, or is killed while it waits for the vCPU, or ... */
  @ParameterizedTest
  @ValueSource(ints = {ENOMEM, Errno.EINTR, Errno.EIO})
  void aFailureIsTheKernelsAndWritesNothing(int errno) throws IOException {
    Ioctls failing =
        (request, argument) -> request == ABI.getData() ? -errno : kernel.call(request, argument);
    IoctlForm form = IoctlForm.ask(failing, fd);
    long[] into = {1, 2, 3, 4, 5};
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> form.data(MemorySegment.ofArray(into)))
        .withMessage(
            "ioctl KVM_STATS_GET_DATA on /dev/null (fd %d): %s (%s)",
            fd.number(), Errno.name(errno), Errno.text(errno));
    assertThat(into).containsExactly(1, 2, 3, 4, 5);
    fd.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> form.data(MemorySegment.ofArray(into)))
        .withMessage("/dev/null is closed");
  }

  /** INFO answers as the server does, or with an errno. */
  private Ioctls kernel(long capability, int infoErrno) {
    return (request, argument) -> {
      if (request == ABI.checkExtension()) {
        return capability;
      }
      return infoErrno == 0 ? kernel.call(request, argument) : -infoErrno;
    };
  }

  @ParameterizedTest
  @CsvSource({
    GUEST_DEBUG2 + "," + Errno.ENOTTY,
    GUEST_DEBUG2 + "," + Errno.EINVAL, // arm64's.
    0 + "," + Errno.ENOTTY,
  })
  void aKernelWithoutTheIoctlsIsTold(long capability, int infoErrno) throws IOException {
    assertThat(IoctlForm.isServed(kernel(capability, infoErrno), fd)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "1," + Errno.ENOTTY + ",is unknown",
    "1," + Errno.EINVAL + ",is unknown",
    "0,0,works",
    GUEST_DEBUG2 + ",0,works",
    "4294967297,0,works", // 1, if 32 bits of it were looked at.
  })
  void aKernelThatContradictsItselfIsNotGuessedAt(long capability, int infoErrno, String said) {
    assertThatIOException()
        .isThrownBy(() -> IoctlForm.isServed(kernel(capability, infoErrno), fd))
        .withMessageContaining("uncertain")
        .withMessageContaining("capability 195 is 0x" + Long.toHexString(capability))
        .withMessageEndingWith("KVM_STATS_GET_INFO " + said);
  }

  @ParameterizedTest
  @ValueSource(ints = {Errno.EPERM, Errno.EIO, Errno.EFAULT, Errno.ENOSYS, Errno.EBADF})
  void anyOtherErrorIsNoAnswer(int errno) {
    for (long capability : new long[] {0, 1, GUEST_DEBUG2}) {
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> IoctlForm.isServed(kernel(capability, errno), fd))
          .withMessageStartingWith("ioctl KVM_STATS_GET_INFO on ")
          .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
    }
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> IoctlForm.isServed(kernel(-errno, 0), fd))
        .withMessageStartingWith("ioctl KVM_CHECK_EXTENSION on ")
        .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
  }

  @Test
  void aKernelWithoutStatsFdsHasNeither() {
    assertThatIOException()
        .isThrownBy(() -> StatsFdVm.open(fd, kernel(0, Errno.ENOTTY)))
        .withMessageContaining("neither the binary form of statistics nor stats fds");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4097, Integer.MAX_VALUE, -1})
  void aNumberThatCannotBeIsRefused(int count) {
    Ioctls lying =
        (request, argument) -> {
          memory.copyTo(argument, MemorySegment.ofArray(new int[] {count}));
          return 0;
        };
    assertThatIOException()
        .isThrownBy(() -> IoctlForm.ask(lying, fd))
        .withMessageEndingWith(
            "claims " + Integer.toUnsignedLong(count) + " statistics, not 1 to 4096");
  }

  @Test
  void namesThatCannotBeAreRefused() {
    for (byte first : new byte[] {0, (byte) 0xc3}) {
      Ioctls lying =
          (request, argument) -> {
            long result = kernel.call(request, argument);
            if (request == ABI.getNames()) {
              memory.copyTo(argument + 4 + 32, MemorySegment.ofArray(new byte[] {first}));
            }
            return result;
          };
      assertThatIOException()
          .isThrownBy(() -> IoctlForm.ask(lying, fd))
          .withMessageContaining("is not 1 to 32 bytes of ASCII");
    }
    Ioctls failing =
        (request, argument) ->
            request == ABI.getNames() ? -Errno.EFAULT : kernel.call(request, argument);
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> IoctlForm.ask(failing, fd))
        .withMessageStartingWith("ioctl KVM_STATS_GET_NAMES on ");
  }
}
