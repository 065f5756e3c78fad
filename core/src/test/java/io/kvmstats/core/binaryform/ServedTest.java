package io.kvmstats.core.binaryform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvmstats.core.catalog.RfcNames;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A VM and two vCPUs that answer as the RFC's handlers do. */
class ServedTest {
  /** As long as a name can be: nothing stands behind it. */
  private static final String FULL = "instruction_sigp_stop_store_stat";

  private static final StatNames OWN = new StatNames(List.of("remote_tlb_flush", "pages"));
  private static final StatNames PER_VCPU = new StatNames(List.of("exits", FULL, "halts"));

  /** Odd on purpose: the RFC's structures need no alignment to be copied. */
  private static final long AT = 0x7fff_0000_1001L;

  private static final int EFAULT = -14;
  private static final int EINVAL = -22;
  private static final int EIO = -5;
  private static final int ENOTTY = -25;

  private final FakeMemory memory = new FakeMemory(AT, 256);
  private final ServedVm vm = new ServedVm(Abi.GENERIC, memory, OWN, values(7, -1), PER_VCPU);

  private static MemorySegment values(long... values) {
    return MemorySegment.ofArray(values);
  }

  private void twoVcpus() {
    vm.addVcpu(values(1, 2, Long.MAX_VALUE));
    vm.addVcpu(values(10, 20, Long.MAX_VALUE));
  }

  private ByteBuffer buffer() {
    return ByteBuffer.wrap(memory.bytes).order(ByteOrder.nativeOrder());
  }

  private void size(long size) {
    buffer().putInt(0, (int) size);
  }

  private static int names() {
    return Abi.GENERIC.getNames();
  }

  private static int data() {
    return Abi.GENERIC.getData();
  }

  /** All bytes but those from..to are as they were. */
  private void assertOnlyWritten(int from, int to, byte[] before) {
    byte[] now = memory.bytes.clone();
    System.arraycopy(before, from, now, from, to - from);
    assertThat(now).isEqualTo(before);
  }

  @Test
  void aVmCountsItsOwnAndItsVcpusStatistics() {
    byte[] before = memory.bytes.clone();
    assertThat(vm.ioctl(Abi.GENERIC.getInfo(), AT, memory)).isZero();
    assertThat(buffer().getInt(0)).isEqualTo(5);
    assertOnlyWritten(0, 4, before);
    ServedVcpu vcpu = vm.addVcpu(values(1, 2, 3));
    assertThat(vcpu.ioctl(Abi.GENERIC.getInfo(), AT, memory)).isZero();
    assertThat(buffer().getInt(0)).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(longs = {5 * 32, 5 * 32 + 1, 0xffff_ffffL})
  void namesComeInOrderAndNothingElseIsTouched(long size) {
    size(size);
    byte[] before = memory.bytes.clone();
    assertThat(vm.ioctl(names(), AT, memory)).isZero();
    byte[] expected = new byte[5 * 32];
    int at = 0;
    for (String name : List.of("remote_tlb_flush", "pages", "exits", FULL, "halts")) {
      System.arraycopy(name.getBytes(StandardCharsets.US_ASCII), 0, expected, at, name.length());
      at += 32;
    }
    assertThat(Arrays.copyOfRange(memory.bytes, 4, 4 + at)).isEqualTo(expected);
    assertOnlyWritten(4, 4 + at, before);
    assertThat(StatNames.decode(MemorySegment.ofArray(expected))).isEqualTo(OWN.then(PER_VCPU));
  }

  @ParameterizedTest
  @ValueSource(longs = {5 * 8, 5 * 8 + 1, 0xffff_ffffL})
  void dataIsTheVmsOwnAndTheSumOverItsVcpus(long size) {
    twoVcpus();
    size(size);
    byte[] before = memory.bytes.clone();
    assertThat(vm.ioctl(data(), AT, memory)).isZero();
    assertThat(longs(8, 5)).containsExactly(7, -1, 11, 22, -2); // Unsigned: 2 * MAX_VALUE.
    assertOnlyWritten(8, 8 + 40, before);
  }

  @Test
  void withoutVcpusTheSumsAreZero() {
    size(40);
    assertThat(vm.ioctl(data(), AT, memory)).isZero();
    assertThat(longs(8, 5)).containsExactly(7, -1, 0, 0, 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1 << 20})
  void aVcpuAnswersWithItsOwn(int more) {
    twoVcpus();
    ServedVcpu vcpu = vm.addVcpu(values(100, 200, 300));
    size(3 * 32 + more);
    byte[] before = memory.bytes.clone();
    assertThat(vcpu.ioctl(names(), AT, memory)).isZero();
    assertThat(StatNames.decode(MemorySegment.ofArray(memory.bytes).asSlice(4, 96)))
        .isEqualTo(PER_VCPU);
    assertOnlyWritten(4, 4 + 96, before);
    size(24 + more);
    before = memory.bytes.clone();
    assertThat(vcpu.ioctl(data(), AT, memory)).isZero();
    assertThat(longs(8, 3)).containsExactly(100, 200, 300);
    assertOnlyWritten(8, 8 + 24, before);
  }

  /** So that a program may ask for them once, and has to ask for values alone. */
  @Test
  void informationAndNamesAreTheSameWhateverVcpusThereAre() {
    byte[] first = informationAndNames();
    twoVcpus();
    assertThat(informationAndNames()).isEqualTo(first);
    size(40);
    assertThat(vm.ioctl(data(), AT, memory)).isZero();
    assertThat(informationAndNames()).isEqualTo(first);
  }

  private byte[] informationAndNames() {
    assertThat(vm.ioctl(Abi.GENERIC.getInfo(), AT, memory)).isZero();
    int count = buffer().getInt(0);
    size(count * 32L);
    assertThat(vm.ioctl(names(), AT, memory)).isZero();
    return Arrays.copyOfRange(memory.bytes, 0, 4 + count * 32);
  }

  @Test
  void readingResetsNothing() {
    twoVcpus();
    ServedVcpu vcpu = vm.addVcpu(values(100, 200, 300));
    for (int i = 0; i < 3; i++) {
      size(40);
      assertThat(vm.ioctl(data(), AT, memory)).isZero();
      assertThat(longs(8, 5)).containsExactly(7, -1, 111, 222, 298);
      assertThat(vcpu.ioctl(data(), AT, memory)).isZero();
      assertThat(longs(8, 3)).containsExactly(100, 200, 300);
    }
  }

  @Test
  void informationIsWrittenWhereNothingCanBeRead() {
    memory.readable = 0;
    assertThat(vm.ioctl(Abi.GENERIC.getInfo(), AT, memory)).isZero();
    assertThat(buffer().getInt(0)).isEqualTo(5);
  }

  private long[] longs(int at, int count) {
    long[] values = new long[count];
    for (int i = 0; i < count; i++) {
      values[i] = buffer().getLong(at + i * Long.BYTES);
    }
    return values;
  }

  @Test
  void aSizeThatIsTooSmallIsRefusedAndNothingIsWritten() {
    ServedVcpu vcpu = vm.addVcpu(values(1, 2, 3));
    for (long[] too : new long[][] {{0, 0, 0, 0}, {159, 39, 95, 23}}) {
      byte[] before = memory.bytes.clone();
      for (int i = 0; i < 4; i++) {
        int request = i % 2 == 0 ? names() : data();
        size(too[i]);
        System.arraycopy(memory.bytes, 0, before, 0, 4);
        int result = i < 2 ? vm.ioctl(request, AT, memory) : vcpu.ioctl(request, AT, memory);
        assertThat(result).isEqualTo(EINVAL);
        assertThat(memory.bytes).isEqualTo(before);
      }
    }
  }

  @Test
  void aSizeThatIsTooSmallIsRefusedBeforeTheBufferIsTouched() {
    ServedVcpu vcpu = vm.addVcpu(values(1, 2, 3));
    memory.writable = 0;
    size(23);
    for (int request : new int[] {names(), data()}) {
      assertThat(vm.ioctl(request, AT, memory)).isEqualTo(EINVAL);
      assertThat(vcpu.ioctl(request, AT, memory)).isEqualTo(EINVAL);
    }
    size(4096);
    for (int request : new int[] {names(), data()}) {
      assertThat(vm.ioctl(request, AT, memory)).isEqualTo(EFAULT);
      assertThat(vcpu.ioctl(request, AT, memory)).isEqualTo(EFAULT);
    }
  }

  /** The memory ends at every byte in turn: what lies before has been written, whole. */
  @Test
  void aCopyThatFailsHalfWayHasWrittenTheFirstHalf() {
    twoVcpus();
    assertHalfWritten(vm::ioctl, 5);
    assertHalfWritten(vm.addVcpu(values(100, 200, 300))::ioctl, 3);
  }

  /** A VM or a vCPU. */
  private interface Served {
    int ioctl(int request, long argument, UserMemory memory);
  }

  private void assertHalfWritten(Served served, int count) {
    int[][] calls = {
      {Abi.GENERIC.getInfo(), 0, 4}, {names(), 4, count * 32}, {data(), 8, count * 8}
    };
    for (int[] call : calls) {
      size(count * 32L);
      assertThat(served.ioctl(call[0], AT, memory)).isZero();
      byte[] whole = memory.bytes.clone();
      for (int end = 0; end < call[1] + call[2]; end++) {
        Arrays.fill(memory.bytes, FakeMemory.UNTOUCHED);
        size(count * 32L);
        byte[] before = memory.bytes.clone();
        memory.writable = end;
        assertThat(served.ioctl(call[0], AT, memory)).isEqualTo(EFAULT);
        int written = Math.max(0, end - call[1]);
        System.arraycopy(whole, call[1], before, call[1], written);
        assertThat(memory.bytes).as("%x to byte %d", call[0], end).isEqualTo(before);
      }
      memory.writable = memory.bytes.length;
    }
  }

  /** All of the structure is read, the padding behind {@code size} too, and first. */
  @Test
  void aStructureThatCannotBeReadIsAFaultBeforeItIsAnythingElse() {
    size(0);
    for (int end = 0; end < 8; end++) {
      memory.readable = end;
      assertThat(vm.ioctl(data(), AT, memory)).isEqualTo(EFAULT);
      assertThat(vm.ioctl(names(), AT, memory)).isEqualTo(end < 4 ? EFAULT : EINVAL);
    }
    for (long nowhere : new long[] {0, -1, AT + 256, Long.MIN_VALUE}) {
      assertThat(vm.ioctl(data(), nowhere, memory)).isEqualTo(EFAULT);
      assertThat(vm.ioctl(names(), nowhere, memory)).isEqualTo(EFAULT);
      assertThat(vm.ioctl(Abi.GENERIC.getInfo(), nowhere, memory)).isEqualTo(EFAULT);
    }
  }

  @Test
  void anotherAddressSpaceIsRefusedWhateverItAsks() {
    ServedVcpu vcpu = vm.addVcpu(values(1, 2, 3));
    FakeMemory other = new FakeMemory(AT, 256);
    for (int request : new int[] {Abi.GENERIC.getInfo(), names(), data(), 0x1234}) {
      assertThat(vm.ioctl(request, 0, other)).isEqualTo(EIO);
      assertThat(vcpu.ioctl(request, 0, other)).isEqualTo(EIO);
    }
    assertThat(other.bytes).containsOnly(FakeMemory.UNTOUCHED);
  }

  @Test
  void everyOtherRequestIsUnknown() {
    ServedVcpu vcpu = vm.addVcpu(values(1, 2, 3));
    size(4096);
    byte[] before = memory.bytes.clone();
    for (int known : new int[] {Abi.GENERIC.getInfo(), names(), data()}) {
      for (int bit = 0; bit < Integer.SIZE; bit++) {
        int request = known ^ 1 << bit; // Its direction, size, type or number is another.
        if (request != Abi.GENERIC.getInfo() && request != names() && request != data()) {
          assertThat(vm.ioctl(request, AT, memory)).isEqualTo(ENOTTY);
          assertThat(vcpu.ioctl(request, AT, memory)).isEqualTo(EINVAL);
        }
      }
    }
    assertThat(memory.bytes).isEqualTo(before);
  }

  @Test
  void theCapabilityIsExactlyOne() {
    assertThat(vm.ioctl(Abi.GENERIC.checkExtension(), 195, memory)).isEqualTo(1);
    assertThat(ServedVm.checkExtension(195)).isEqualTo(1);
    assertThat(ServedVm.checkExtension(203)).isZero();
    assertThat(ServedVm.checkExtension(195L + (1L << 32))).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void numbersAreTheArchitectures(Abi abi) {
    long[] numbers =
        switch (abi) {
          case GENERIC -> new long[] {0x8004aecc, 0x8004aecd, 0x8008aece, 0xae03};
          case MIPS_POWERPC -> new long[] {0x4004aecc, 0x4004aecd, 0x4008aece, 0x2000ae03};
          case I386 -> new long[] {0x8004aecc, 0x8004aecd, 0x8004aece, 0xae03};
        };
    assertThat(new long[] {abi.getInfo(), abi.getNames(), abi.getData(), abi.checkExtension()})
        .isEqualTo(numbers);
    assertThat(Abi.of("ppc64le")).isEqualTo(Abi.MIPS_POWERPC);
    assertThat(Abi.of("amd64")).isEqualTo(Abi.GENERIC);
  }

  @Test
  void a32BitProgramsDataStartsBehindTheSize() {
    ServedVm small = new ServedVm(Abi.I386, memory, OWN, values(7, 1L << 40), PER_VCPU);
    size(40);
    assertThat(small.ioctl(Abi.I386.getData(), AT, memory)).isZero();
    assertThat(longs(4, 5)).containsExactly(7, 1L << 40, 0, 0, 0);
    assertThat(small.ioctl(data(), AT, memory)).isEqualTo(ENOTTY);
  }

  /** There is no conversion for such programs in the RFC. */
  @Test
  void a64BitKernelKnowsAllOfA32BitProgramsRequestsButData() {
    ServedVcpu vcpu = vm.addVcpu(values(1, 2, 3));
    size(5 * 32);
    assertThat(vm.ioctl(Abi.I386.getNames(), AT, memory)).isZero();
    assertThat(vm.ioctl(Abi.I386.getInfo(), AT, memory)).isZero();
    byte[] before = memory.bytes.clone();
    assertThat(vm.ioctl(Abi.I386.getData(), AT, memory)).isEqualTo(ENOTTY);
    assertThat(vcpu.ioctl(Abi.I386.getData(), AT, memory)).isEqualTo(EINVAL);
    assertThat(memory.bytes).isEqualTo(before);
  }

  /** kvm_bin_form_stats.c, patch 4/4: a VM without vCPUs. */
  @ParameterizedTest
  @ValueSource(strings = {"x86", "arm64", "s390"})
  void theRfcsSelftestPasses(String architecture) {
    RfcNames era = RfcNames.of(architecture).getFirst();
    MemorySegment own = values(new long[era.vm().names().size()]);
    FakeMemory program = new FakeMemory(AT, 4096);
    ByteBuffer buffer = ByteBuffer.wrap(program.bytes).order(ByteOrder.nativeOrder());
    ServedVm made = new ServedVm(Abi.GENERIC, program, era.vm(), own, era.vcpu());
    assertThat(made.ioctl(Abi.GENERIC.checkExtension(), BinaryForm.CAPABILITY, program))
        .isEqualTo(1);
    assertThat(made.ioctl(Abi.GENERIC.getInfo(), AT, program)).isZero();
    int count = buffer.getInt(0);
    assertThat(count).isPositive();
    buffer.putInt(0, count * 32);
    assertThat(made.ioctl(names(), AT, program)).isZero();
    for (int i = 0; i < count; i++) {
      assertThat(program.bytes[4 + i * 32]).isNotZero();
    }
    buffer.putInt(0, count * 8);
    assertThat(made.ioctl(data(), AT, program)).isZero();
  }

  @Test
  void namesAndValuesHaveToFit() {
    assertThatThrownBy(() -> vm.addVcpu(values(1, 2))).hasMessage("16 bytes of values for 3");
    assertThatThrownBy(() -> new StatNames(List.of(FULL + "u")))
        .hasMessageContaining("1 to 32 bytes");
    assertThatThrownBy(() -> new StatNames(List.of(""))).hasMessageContaining("1 to 32 bytes");
    assertThat(StatNames.cut(List.of(FULL + "us")).names()).containsExactly(FULL.substring(0, 31));
  }

  /** vCPUs write, without a lock, while the VM is read: no sum falls, and none is made up. */
  @Test
  void countersAreWrittenMeanwhile() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment first = arena.allocate(24, 8);
      MemorySegment second = arena.allocate(24, 8);
      vm.addVcpu(first);
      vm.addVcpu(second);
      AtomicBoolean stop = new AtomicBoolean();
      Thread a = Thread.ofPlatform().start(() -> count(first, stop));
      Thread b = Thread.ofPlatform().start(() -> count(second, stop));
      long last = 0;
      for (int i = 0; i < 20_000 || last == 0; i++) {
        size(40);
        assertThat(vm.ioctl(data(), AT, memory)).isZero();
        long sum = longs(8, 5)[2];
        assertThat(sum).isGreaterThanOrEqualTo(last);
        last = sum;
      }
      stop.set(true);
      a.join();
      b.join();
      assertThat(vm.ioctl(data(), AT, memory)).isZero();
      assertThat(longs(8, 5)[2])
          .isEqualTo(first.get(ValueLayout.JAVA_LONG, 0) + second.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  private static void count(MemorySegment counters, AtomicBoolean stop) {
    while (!stop.get()) {
      counters.set(ValueLayout.JAVA_LONG, 0, counters.get(ValueLayout.JAVA_LONG, 0) + 1);
    }
  }
}
