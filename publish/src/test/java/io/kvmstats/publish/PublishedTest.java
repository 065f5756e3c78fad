package io.kvmstats.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvmstats.core.binaryform.Abi;
import io.kvmstats.core.binaryform.BinaryForm;
import io.kvmstats.core.binaryform.ServedVcpu;
import io.kvmstats.core.binaryform.ServedVm;
import io.kvmstats.core.binaryform.UserMemory;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import io.kvmstats.core.statsfd.StatsFileRules;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What another process finds of a published VM, and what it can't do to it. */
class PublishedTest {
  private static final String VM = "/memfd:kvm-vm-stats (deleted)";
  private static final String VCPU_3 = "/memfd:kvm-vcpu-stats:3 (deleted)";

  private static final Schema OF_VM =
      new SchemaBuilder().cumulative("flushes").peak("most", Unit.BYTES, 3).build();

  /** Histograms stand between and before scalars: the data has another order than the names. */
  private static final Schema OF_VCPU =
      new SchemaBuilder()
          .logHistogram("wait_hist", Unit.SECONDS, -9, 32)
          .cumulative("exits")
          .linearHistogram("depth_hist", Unit.NONE, 0, 5, 10)
          .instant("blocking", Unit.BOOLEAN, 0)
          .peak("was_blocked", Unit.BOOLEAN, 0)
          .instant("a_name_of_more_than_thirty_one_bytes", Unit.NONE, 0)
          .build();

  private Map<String, Path> before;
  private long mappingsBefore;

  @BeforeEach
  void remember() throws IOException {
    before = Memfds.open();
    mappingsBefore = Memfds.mappings();
  }

  @AfterEach
  void nothingIsLeftOpenOrMapped() throws IOException {
    assertThat(Memfds.open()).isEqualTo(before);
    assertThat(Memfds.mappings()).isEqualTo(mappingsBefore);
  }

  private static Sample sample(String link) throws IOException {
    MemorySegment file = MemorySegment.ofArray(Memfds.read(link));
    StatsFile decoded = StatsFileDecoder.decode(ByteSource.of(file), ByteOrder.nativeOrder());
    MemorySegment data = file.asSlice(decoded.dataOffset());
    return new Sample(decoded.schema(), 0, 0, data, ByteOrder.nativeOrder());
  }

  private static long read(Sample sample, String name, int index) {
    return sample.value(sample.schema().find(name).orElseThrow(), index);
  }

  @Test
  void aReaderFindsWhatWasWritten() throws IOException {
    try (PublishedVm vm = new PublishedVm(OF_VM, OF_VCPU);
        PublishedVcpu vcpu = vm.addVcpu(3)) {
      vm.cumulative("flushes").increment();
      vm.cumulative("flushes").add(41);
      PeakStat most = vm.peak("most");
      most.raise(7);
      most.raise(-2); // Unsigned: nearly 2^64.
      most.raise(9);
      vcpu.cumulative("exits").add(-1);
      vcpu.instant("a_name_of_more_than_thirty_one_bytes").set(5);
      for (String name : new String[] {"blocking", "was_blocked"}) {
        vcpu.bool(name).set(true);
        vcpu.bool(name).set(false);
      }
      vcpu.logHistogram("wait_hist").record(1000);
      vcpu.linearHistogram("depth_hist").record(39);
      Sample ofVm = sample(VM);
      assertThat(ofVm.schema()).isEqualTo(vm.schema());
      assertThat(read(ofVm, "flushes", 0)).isEqualTo(42);
      assertThat(read(ofVm, "most", 0)).isEqualTo(-2);
      Sample ofVcpu = sample(VCPU_3);
      assertThat(ofVcpu.schema().descriptors())
          .extracting(Descriptor::name)
          .containsExactlyElementsOf(OF_VCPU.descriptors().stream().map(Descriptor::name).toList());
      assertThat(read(ofVcpu, "exits", 0)).isEqualTo(-1);
      assertThat(read(ofVcpu, "blocking", 0)).isZero();
      assertThat(read(ofVcpu, "was_blocked", 0)).isEqualTo(1);
      assertThat(read(ofVcpu, "a_name_of_more_than_thirty_one_bytes", 0)).isEqualTo(5);
      assertThat(read(ofVcpu, "wait_hist", 10)).isEqualTo(1);
      assertThat(read(ofVcpu, "depth_hist", 3)).isEqualTo(1);
      MemorySegment file = MemorySegment.ofArray(Memfds.read(VCPU_3));
      assertThat(StatsFileRules.check(ByteSource.of(file), ByteOrder.nativeOrder())).isEmpty();
      String pid = Long.toString(ProcessHandle.current().pid());
      assertThat(StatsFileDecoder.decode(ByteSource.of(file), ByteOrder.nativeOrder()).id())
          .isEqualTo("kvm-" + pid + "/vcpu-3");
    }
  }

  /** The model says where a bucket starts, by the kernel's rule; here is the other half of it. */
  @Test
  void everyValueFallsIntoItsBucket() throws IOException {
    try (PublishedVm vm = new PublishedVm(OF_VM, OF_VCPU);
        PublishedVcpu vcpu = vm.addVcpu(0)) {
      LogHistogram log = vcpu.logHistogram("wait_hist");
      LinearHistogram linear = vcpu.linearHistogram("depth_hist");
      Descriptor ofLog = vcpu.schema().find("wait_hist").orElseThrow();
      Descriptor ofLinear = vcpu.schema().find("depth_hist").orElseThrow();
      long[] values = {0, 1, 2, 3, 4, 7, 8, 9, 10, 19, 20, 29, 30, 39, 40, 41, 1 << 30};
      for (long value : values) {
        assertBucket(ofLog, value, () -> log.record(value), log::get);
        assertBucket(ofLinear, value, () -> linear.record(value), linear::get);
      }
      for (long value : new long[] {(1L << 30) - 1, 1L << 31, Long.MAX_VALUE, -1}) {
        assertBucket(ofLog, value, () -> log.record(value), log::get);
        assertBucket(ofLinear, value, () -> linear.record(value), linear::get);
      }
    }
  }

  private static void assertBucket(
      Descriptor descriptor, long value, Runnable record, IntToLongFunction get) {
    int bucket = 0;
    while (bucket + 1 < descriptor.size()
        && Long.compareUnsigned(descriptor.bucketFrom(bucket + 1), value) <= 0) {
      bucket++;
    }
    long[] expected = new long[descriptor.size()];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = get.applyAsLong(i) + (i == bucket ? 1 : 0);
    }
    record.run();
    for (int i = 0; i < expected.length; i++) {
      assertThat(get.applyAsLong(i))
          .as("bucket %d of %s after %d", i, descriptor.name(), value)
          .isEqualTo(expected[i]);
    }
  }

  @Test
  void nobodyElseCanWriteOrCutTheFile() throws IOException {
    try (PublishedVm vm = new PublishedVm(OF_VM, OF_VCPU);
        RandomAccessFile file = new RandomAccessFile(Memfds.open().get(VM).toString(), "rw")) {
      assertThatThrownBy(() -> file.write(1)).hasMessageContaining("not permitted");
      long length = file.length();
      assertThatThrownBy(() -> file.setLength(length - 1)).hasMessageContaining("not permitted");
      assertThatThrownBy(() -> file.setLength(length + 1)).hasMessageContaining("not permitted");
      vm.cumulative("flushes").increment();
      assertThat(read(sample(VM), "flushes", 0)).isEqualTo(1);
    }
  }

  @Test
  void whatBreaksARuleIsRefusedWithTheRule() {
    refused(new SchemaBuilder().cumulative("s", Unit.SECONDS, 9), "exponent of seconds");
    refused(new SchemaBuilder().instant("b", Unit.BOOLEAN, 1), "exponent of a boolean");
    refused(new SchemaBuilder().linearHistogram("h", Unit.NONE, 0, 4, 0), "bucket_size 0");
    refused(new SchemaBuilder().logHistogram("h", Unit.NONE, 0, 0), "size 0");
    refused(new SchemaBuilder().cumulative("esc\u001b[31m"), "0x1b, not printable");
    refused(new SchemaBuilder().cumulative("x".repeat(48)), "longer than 47");
    refused(new SchemaBuilder(), "num_desc");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SchemaBuilder().cumulative("a").peak("a", Unit.NONE, 0).build());
  }

  private static void refused(SchemaBuilder builder, String why) {
    Schema schema = builder.build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PublishedVm(schema, OF_VCPU))
        .withMessageContaining(why);
  }

  @Test
  void aStatisticIsWrittenAsItWasDeclared() throws IOException {
    try (PublishedVm vm = new PublishedVm(OF_VM, OF_VCPU);
        PublishedVcpu vcpu = vm.addVcpu(3)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> vcpu.instant("exits"))
          .withMessage("exits is declared as CUMULATIVE");
      assertThatIllegalArgumentException().isThrownBy(() -> vcpu.linearHistogram("wait_hist"));
      assertThatIllegalArgumentException().isThrownBy(() -> vm.bool("most"));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> vm.cumulative("exits"))
          .withMessage("no statistic is named exits");
      assertThatIllegalArgumentException().isThrownBy(() -> vm.addVcpu(3));
      assertThatIllegalArgumentException().isThrownBy(() -> vm.addVcpu(-1));
      assertThatIllegalArgumentException().isThrownBy(() -> vm.addVcpu(1_000_000));
    }
  }

  @Test
  void vcpusComeAndGoAndGoWithTheirVm() throws IOException {
    try (PublishedVm vm = new PublishedVm(OF_VM, OF_VCPU)) {
      PublishedVcpu first = vm.addVcpu(3);
      CumulativeStat stale = first.cumulative("exits");
      stale.increment();
      first.close();
      assertThat(Memfds.open()).containsOnlyKeys(VM);
      PublishedVcpu second = vm.addVcpu(3);
      first.close(); // Again, and not the second one's.
      assertThatIllegalArgumentException().isThrownBy(() -> vm.addVcpu(3));
      stale.increment(); // Nowhere.
      assertThat(read(sample(VCPU_3), "exits", 0)).isZero();
      assertThat(second.number()).isEqualTo(3);
    }
  }

  @Test
  void aReaderNeverSeesItGoBackwards() throws Exception {
    int increments = 2_000_000;
    try (PublishedVm vm = new PublishedVm(OF_VM, OF_VCPU);
        PublishedVcpu vcpu = vm.addVcpu(3)) {
      CumulativeStat exits = vcpu.cumulative("exits");
      CompletableFuture<Void> writer =
          CompletableFuture.runAsync(() -> {
            for (int i = 0; i < increments; i++) {
              exits.increment();
            }
          });
      Sample last = sample(VCPU_3);
      boolean over;
      do {
        over = writer.isDone();
        Sample now = sample(VCPU_3);
        assertThat(StatsFileRules.checkMoves(last, now)).isEmpty();
        last = now;
      } while (!over);
      writer.get();
      assertThat(read(last, "exits", 0)).isEqualTo(increments);
    }
  }

  @Test
  void theBinaryFormAnswersFromTheSameValues() throws IOException {
    try (PublishedVm vm = new PublishedVm(OF_VM, OF_VCPU)) {
      Buffer memory = new Buffer();
      ServedVm served = vm.serve(Abi.GENERIC, memory);
      PublishedVcpu first = vm.addVcpu(0);
      PublishedVcpu second = vm.addVcpu(1);
      ServedVcpu servedFirst = first.serve(served);
      second.serve(served);
      vm.cumulative("flushes").add(7);
      vm.peak("most").raise(-1);
      first.cumulative("exits").add(100);
      first.logHistogram("wait_hist").record(5);
      second.cumulative("exits").add(10);
      second.bool("was_blocked").set(true);
      second.instant("a_name_of_more_than_thirty_one_bytes").set(3);
      assertThat(memory.ask(servedFirst, Abi.GENERIC.getInfo(), 0)).isZero();
      assertThat(memory.bytes.getInt(0)).isEqualTo(4);
      assertThat(memory.ask(served, Abi.GENERIC.getInfo(), 0)).isZero();
      assertThat(memory.bytes.getInt(0)).isEqualTo(6);
      int size = 6 * BinaryForm.NAME_BYTES;
      assertThat(memory.ask(served, Abi.GENERIC.getNames(), size)).isZero();
      String[] names = {
        "flushes", "most", "exits", "blocking", "was_blocked", "a_name_of_more_than_thirty_one_"
      };
      for (int i = 0; i < names.length; i++) {
        assertThat(memory.text(4 + i * BinaryForm.NAME_BYTES)).isEqualTo(names[i]);
      }
      // A VM's own values as its file has them, then the sums of what the vCPUs' files have.
      assertThat(memory.ask(served, Abi.GENERIC.getData(), 6 * Long.BYTES)).isZero();
      Sample ofVm = sample(VM);
      Sample[] ofVcpus = {
        sample("/memfd:kvm-vcpu-stats:0 (deleted)"), sample("/memfd:kvm-vcpu-stats:1 (deleted)")
      };
      for (int i = 0; i < 2; i++) {
        assertThat(memory.data(i)).isEqualTo(read(ofVm, names[i], 0));
      }
      names[5] = "a_name_of_more_than_thirty_one_bytes";
      for (int i = 2; i < names.length; i++) {
        assertThat(memory.data(i))
            .as(names[i])
            .isEqualTo(read(ofVcpus[0], names[i], 0) + read(ofVcpus[1], names[i], 0));
      }
      assertThat(memory.data(2)).isEqualTo(110);
      assertThat(memory.ask(servedFirst, Abi.GENERIC.getData(), 4 * Long.BYTES)).isZero();
      assertThat(memory.data(0)).isEqualTo(100);
    }
  }

  /** A program's memory, all of it there, from address 0. */
  private static final class Buffer implements UserMemory {
    final byte[] array = new byte[1024];
    final ByteBuffer bytes = ByteBuffer.wrap(array).order(ByteOrder.nativeOrder());

    int ask(ServedVm vm, int request, int size) {
      bytes.putInt(0, size);
      return vm.ioctl(request, 0, this);
    }

    int ask(ServedVcpu vcpu, int request, int size) {
      bytes.putInt(0, size);
      return vcpu.ioctl(request, 0, this);
    }

    long data(int index) {
      return bytes.getLong(Abi.GENERIC.dataOffset() + index * Long.BYTES);
    }

    String text(int at) {
      int end = at;
      while (array[end] != 0) {
        end++;
      }
      return new String(array, at, end - at, StandardCharsets.US_ASCII);
    }

    @Override
    public long copyFrom(long address, MemorySegment into) {
      into.copyFrom(MemorySegment.ofArray(array).asSlice(address, into.byteSize()));
      return into.byteSize();
    }

    @Override
    public long copyTo(long address, MemorySegment from) {
      MemorySegment.copy(from, 0, MemorySegment.ofArray(array), address, from.byteSize());
      return from.byteSize();
    }
  }
}
