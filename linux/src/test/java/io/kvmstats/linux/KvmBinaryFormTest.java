package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client on this machine's kernel, which has stats fds, held against those. */
class KvmBinaryFormTest {
  private static final int CODE = 0x1000;
  private static final int FLAG = 0x2000;

  /** Waits for the flag, then writes to a port, and so on. */
  private static final byte[] PROGRAM = {
    (byte) 0x80,
    0x3e,
    (byte) FLAG,
    (byte) (FLAG >> 8),
    0, // cmp byte [FLAG], 0
    0x74,
    (byte) -7, // je, back to it
    (byte) 0xee, // out dx, al
    (byte) 0xeb,
    (byte) -10, // jmp, back to it
  };

  private Kvm kvm;
  private KvmVm vm;
  private Mapping memory;
  private final List<AutoCloseable> closing = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    Path device = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "needs /dev/kvm, and permission to read and write it");
    kvm = closed(Kvm.open());
    memory = closed(Mapping.anonymous(0x4000));
    MemorySegment.copy(PROGRAM, 0, memory.segment(), ValueLayout.JAVA_BYTE, CODE, PROGRAM.length);
    vm = newVm();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable closed : closing.reversed()) {
      closed.close();
    }
  }

  private <T extends AutoCloseable> T closed(T opened) {
    closing.add(opened);
    return opened;
  }

  private KvmVm newVm() throws IOException {
    KvmVm made = closed(kvm.createVm());
    made.setUserMemoryRegion(0, 0, memory.segment());
    return made;
  }

  /** A vCPU that can be run. */
  private KvmVcpu newVcpu(KvmVm ofVm, int id) throws IOException {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the guest's code is for x86");
    KvmVcpu vcpu = closed(ofVm.createVcpu(id));
    vcpu.setSupportedCpuid(kvm);
    vcpu.setRealMode(CODE >> 4, 0, 0x1000, 0);
    vcpu.makeRunnable();
    return vcpu;
  }

  private void letThemOut(boolean out) {
    memory.segment().set(ValueLayout.JAVA_BYTE, FLAG, (byte) (out ? 1 : 0));
  }

  private void run(KvmVcpu vcpu, int times) throws IOException {
    letThemOut(true);
    for (int i = 0; i < times; i++) {
      assertThat(vcpu.run()).isEqualTo(KvmExit.IO);
    }
  }

  private static long[] data(KvmBinaryForm form) throws IOException {
    long[] values = new long[form.info()];
    form.data(MemorySegment.ofArray(values));
    return values;
  }

  private static long value(KvmBinaryForm form, String name) throws IOException {
    return data(form)[form.names().names().indexOf(name)];
  }

  /**
   * What stats fds of one kind say, summed: every single value by name, in the order of their
   * offsets.
   */
  private static Map<String, Long> sum(List<Fd> stats) throws IOException {
    Map<Long, String> names = new TreeMap<>();
    Map<String, Long> sums = new LinkedHashMap<>();
    for (Fd fd : stats) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment bytes = arena.allocate(1 << 16);
        bytes = bytes.asSlice(0, fd.pread(bytes, 0));
        StatsFile file = StatsFileDecoder.decode(ByteSource.of(bytes), ByteOrder.nativeOrder());
        for (Descriptor descriptor : file.schema().descriptors()) {
          if (!descriptor.type().isHistogram()) {
            long at = file.dataOffset() + descriptor.offset();
            names.put(descriptor.offset(), descriptor.name());
            sums.merge(
                descriptor.name(), bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, at), Long::sum);
          }
        }
      }
    }
    Map<String, Long> inOrder = new LinkedHashMap<>();
    names.values().forEach(name -> inOrder.put(name, sums.get(name)));
    return inOrder;
  }

  private static void assertSays(KvmBinaryForm form, List<Map<String, Long>> parts)
      throws IOException {
    assertThat(form.names().names())
        .isEqualTo(
            parts.stream()
                .flatMap(part -> part.keySet().stream())
                .map(name -> name.substring(0, Math.min(31, name.length())))
                .toList());
    assertThat(data(form))
        .containsExactly(
            parts.stream()
                .flatMap(part -> part.values().stream())
                .mapToLong(Long::longValue)
                .toArray());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void saysWhatTheStatsFdsSay(int count) throws IOException {
    KvmBinaryForm ofVm = vm.binaryForm();
    List<KvmVcpu> vcpus = new ArrayList<>();
    List<Fd> stats = new ArrayList<>();
    for (int id = 0; id < count; id++) {
      KvmVcpu vcpu = newVcpu(vm, id);
      vcpus.add(vcpu);
      stats.add(closed(vcpu.statsFd()));
      run(vcpu, 10 * (id + 1));
    }
    Map<String, Long> own = sum(List.of(closed(vm.statsFd())));
    Map<String, Long> perVcpu = sum(stats);
    if (count == 0) {
      try (KvmVm another = kvm.createVm();
          KvmVcpu vcpu = another.createVcpu(0);
          Fd fd = vcpu.statsFd()) {
        perVcpu = sum(List.of(fd));
        perVcpu.replaceAll((name, value) -> 0L);
      }
    } else {
      assertThat(perVcpu.get("exits")).isGreaterThanOrEqualTo(10L * count);
    }
    assertSays(ofVm, List.of(own, perVcpu));
    for (int id = 0; id < count; id++) {
      assertSays(vcpus.get(id).binaryForm(), List.of(sum(List.of(stats.get(id)))));
    }
    assertThat(ofVm.info()).isEqualTo(own.size() + perVcpu.size());
    assertThat(vm.binaryForm()).isSameAs(ofVm);
  }

  /** Mainline gave the capability's number to another one. */
  @Test
  void thisKernelIsToldFromTheRfcs() throws IOException {
    assertThat(kvm.checkExtension(195)).isNotIn(0, 1);
    assertThat(vm.binaryForm()).isInstanceOf(StatsFdVm.class);
    assertThat(newVcpu(vm, 0).binaryForm()).isInstanceOf(StatsFdVcpu.class);
  }

  /** The guest comes out only when it is let: whoever waited for that would wait for good. */
  @Test
  @Timeout(60)
  void dataDoesNotWaitForAVcpuThatRuns() throws Exception {
    KvmBinaryForm ofVm = vm.binaryForm();
    KvmVcpu vcpu = newVcpu(vm, 0);
    AtomicReference<Object> end = new AtomicReference<>();
    AtomicBoolean entering = new AtomicBoolean();
    Thread runner =
        Thread.ofPlatform()
            .start(() -> {
              try {
                KvmExit exit;
                do {
                  entering.set(true);
                  exit = vcpu.run();
                } while (exit == KvmExit.INTERRUPTED);
                end.set(exit);
              } catch (IOException e) {
                end.set(e);
              }
            });
    while (!entering.get()) {
      Thread.onSpinWait();
    }
    long exits = 0;
    int polls = 0;
    while (polls < 1000 || exits < 3) { // The host's timer makes it exit now and then.
      long before = value(vcpu.binaryForm(), "exits");
      long now = value(ofVm, "exits");
      assertThat(now).isGreaterThanOrEqualTo(before);
      assertThat(before).isGreaterThanOrEqualTo(exits);
      exits = now;
      polls++;
    }
    assertThat(end.get()).isNull();
    letThemOut(true);
    runner.join();
    assertThat(end.get()).isEqualTo(KvmExit.IO);
  }

  @Test
  void aClosedVcpuCountsAsLongAsItsVm() throws IOException {
    KvmBinaryForm ofVm = vm.binaryForm();
    KvmVcpu first = newVcpu(vm, 0);
    KvmVcpu second = newVcpu(vm, 1);
    run(first, 50);
    run(second, 5);
    long[] before = data(ofVm);
    first.close();
    assertThat(data(ofVm)).isEqualTo(before);
    assertThatIllegalStateException()
        .isThrownBy(() -> data(first.binaryForm()))
        .withMessage("vCPU 0 is closed");
    vm.close();
    assertThatIllegalStateException().isThrownBy(() -> data(ofVm)).withMessage("a VM is closed");
    assertThat(value(second.binaryForm(), "exits")).isPositive();
    second.close();
    assertThatIllegalStateException().isThrownBy(() -> data(second.binaryForm()));
  }

  @Test
  void twoVmsDoNotMix() throws IOException {
    KvmVm other = newVm();
    vm.binaryForm();
    other.binaryForm();
    run(newVcpu(vm, 0), 100);
    long here = value(vm.binaryForm(), "exits");
    KvmVcpu theirs = newVcpu(other, 0);
    assertThat(value(other.binaryForm(), "exits")).isZero();
    run(theirs, 10);
    assertThat(value(other.binaryForm(), "exits"))
        .isEqualTo(value(theirs.binaryForm(), "exits"))
        .isPositive();
    assertThat(value(vm.binaryForm(), "exits")).isEqualTo(here);
  }

  /** Once is enough for all VMs of a kernel, and a VM's names end with those of any vCPU. */
  @Test
  void informationAndNamesAreEveryVms() throws IOException {
    KvmBinaryForm ofVm = vm.binaryForm();
    KvmVm other = newVm();
    other.binaryForm();
    KvmBinaryForm ofVcpu = newVcpu(other, 0).binaryForm();
    KvmBinaryForm ofAnother = newVcpu(vm, 7).binaryForm();
    assertThat(other.binaryForm().names()).isEqualTo(ofVm.names());
    assertThat(ofAnother.names()).isEqualTo(ofVcpu.names());
    assertThat(ofVm.names().names())
        .endsWith(ofVcpu.names().names().toArray(String[]::new))
        .hasSize(ofVm.info())
        .hasSizeGreaterThan(ofVcpu.info());
  }

  @Test
  void vcpusMayComeWhileItIsRead() throws Exception {
    KvmBinaryForm ofVm = vm.binaryForm();
    AtomicBoolean stop = new AtomicBoolean();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread reader =
        Thread.ofPlatform()
            .start(() -> {
              try {
                long last = 0;
                while (!stop.get()) {
                  long exits = value(ofVm, "exits");
                  assertThat(exits).isGreaterThanOrEqualTo(last);
                  last = exits;
                }
              } catch (Throwable t) {
                failure.set(t);
              }
            });
    long sum = 0;
    for (int id = 0; id < 16; id++) {
      KvmVcpu vcpu = newVcpu(vm, id);
      run(vcpu, 3);
      sum += value(vcpu.binaryForm(), "exits");
    }
    stop.set(true);
    reader.join();
    assertThat(failure.get()).isNull();
    assertThat(value(ofVm, "exits")).isEqualTo(sum);
  }

  @Test
  void hasToBeAskedForBeforeThereAreVcpus() throws IOException {
    try (KvmVcpu vcpu = vm.createVcpu(0)) {
      assertThatIllegalStateException()
          .isThrownBy(vcpu::binaryForm)
          .withMessageStartingWith("the VM's binary form has to be asked for before vCPU 0");
    }
    assertThatIllegalStateException()
        .isThrownBy(vm::binaryForm)
        .withMessage("the binary form has to be asked for before the first vCPU is created");
    vm.close();
    KvmVm closed = newVm();
    closed.close();
    assertThatIllegalStateException().isThrownBy(closed::binaryForm).withMessage("a VM is closed");
  }

  @Test
  void tooShortIsRefusedAndLongerIsLeftAlone() throws IOException {
    KvmBinaryForm ofVm = vm.binaryForm();
    KvmVcpu vcpu = newVcpu(vm, 0);
    run(vcpu, 10);
    for (KvmBinaryForm form : List.of(ofVm, vcpu.binaryForm())) {
      byte[] into = new byte[form.info() * 8 + 5];
      into[0] = 77;
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> form.data(MemorySegment.ofArray(into).asSlice(0, into.length - 6)))
          .withMessageStartingWith("KVM_STATS_GET_DATA on ")
          .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
      assertThat(into[0]).isEqualTo((byte) 77);
      into[into.length - 5] = 78;
      form.data(MemorySegment.ofArray(into));
      assertThat(into[into.length - 5]).isEqualTo((byte) 78);
      long[] values = new long[form.info()];
      MemorySegment.ofArray(values)
          .copyFrom(MemorySegment.ofArray(into).asSlice(0, values.length * 8L));
      assertThat(values).isEqualTo(data(form));
    }
  }

  @Test
  void opensWhatItNeedsAndClosesAll() throws IOException {
    List<String> before = Held.now();
    for (int round = 0; round < 20; round++) {
      KvmVm made = newVm();
      List<KvmVcpu> vcpus = new ArrayList<>();
      if (round % 4 != 0) {
        made.binaryForm();
      }
      vcpus.add(made.createVcpu(0));
      vcpus.add(made.createVcpu(1));
      long stats = Held.now().stream().filter(link -> link.contains("-stats")).count();
      assertThat(stats).isEqualTo(round % 4 == 0 ? 0 : 3);
      assertThatExceptionOfType(LinuxException.class).isThrownBy(() -> made.createVcpu(1));
      Stream<AutoCloseable> order =
          switch (round % 4) {
            case 1 -> Stream.of(vcpus.get(0), vcpus.get(1), made);
            case 2 -> Stream.of(made, vcpus.get(1), vcpus.get(0));
            default -> Stream.of(vcpus.get(1), made, vcpus.get(0));
          };
      order.forEach(KvmBinaryFormTest::closeTwice);
      assertThat(Held.now()).isEqualTo(before);
    }
  }

  private static void closeTwice(AutoCloseable closed) {
    try {
      closed.close();
      closed.close();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
