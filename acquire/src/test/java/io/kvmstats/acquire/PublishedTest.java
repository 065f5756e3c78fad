package io.kvmstats.acquire;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.statsfd.StatsFileEncoder;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Mapping;
import io.kvmstats.linux.Memfd;
import io.kvmstats.linux.Pidfd;
import io.kvmstats.publish.PublishedVcpu;
import io.kvmstats.publish.PublishedVm;
import io.kvmstats.publish.SchemaBuilder;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sources of what this process publishes, found as that of any other, and of what only looks so.
 */
class PublishedTest {
  private static final int SELF = (int) ProcessHandle.current().pid();
  private static final Schema SCHEMA = new SchemaBuilder().cumulative("exits").build();
  private static final int ALL =
      Memfd.F_SEAL_SHRINK | Memfd.F_SEAL_GROW | Memfd.F_SEAL_FUTURE_WRITE | Memfd.F_SEAL_SEAL;

  private static Vmm find() throws IOException {
    Vmm found = null;
    for (Vmm vmm : new Host().scan().vmms()) {
      if (vmm.pid() == SELF) {
        found = vmm;
      } else {
        vmm.close();
      }
    }
    assertThat(found).isNotNull();
    return found;
  }

  @Test
  void whatIsPublishedIsReadAndReadOnPastItsEnd() throws IOException {
    try (AcquiredVmm acquired = publishedAndGone();
        Arena arena = Arena.ofConfined()) {
      assertThat(acquired.shortfall()).isEmpty();
      assertThat(acquired.source()).contains(Source.DUP);
      assertThat(acquired.objects()).extracting(StatsObject::vcpu).containsExactly(-1, 3);
      StatsObject object = acquired.objects().get(1);
      MemorySegment data = arena.allocate(Long.BYTES);
      assertThat(object.bytes().tryPread(data, object.file().dataOffset())).isEqualTo(Long.BYTES);
      assertThat(data.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(42);
    }
  }

  private static AcquiredVmm publishedAndGone() throws IOException {
    try (PublishedVm vm = new PublishedVm(SCHEMA, SCHEMA);
        PublishedVcpu vcpu = vm.addVcpu(3)) {
      AcquiredVmm acquired = new Acquirer().acquire(find());
      vcpu.cumulative("exits").add(42);
      return acquired;
    }
  }

  @Test
  void whatIsNotSealedIsRefusedUntilItIs() throws IOException {
    int bytes = 4096;
    try (Fd fd = Memfd.create("kvm-vm-stats", bytes);
        Mapping _ = Mapping.shared(fd, bytes)) {
      try (AcquiredVmm acquired = new Acquirer().acquire(find())) {
        assertThat(acquired.objects()).isEmpty();
        assertThat(acquired.shortfall().orElseThrow())
            .startsWith(
                "/memfd:kvm-vm-stats (deleted): published without F_SEAL_SHRINK, F_SEAL_GROW")
            .contains("has to add all four seals");
        // It may have been found just before its seals were added: whoever watches tries again.
        assertThat(acquired.isIncomplete()).isTrue();
      }
      Memfd.addSeals(fd, ALL & ~Memfd.F_SEAL_GROW);
      try (AcquiredVmm acquired = new Acquirer().acquire(find())) {
        assertThat(acquired.shortfall().orElseThrow()).contains("without F_SEAL_GROW: ");
      }
    }
    try (Fd fd = Memfd.create("kvm-vm-stats", bytes);
        Mapping _ = Mapping.shared(fd, bytes)) {
      Memfd.addSeals(fd, ALL);
      try (AcquiredVmm acquired = new Acquirer().acquire(find())) {
        assertThat(acquired.shortfall().orElseThrow()).contains("name_size in the header is 0");
      }
    }
  }

  /** Its link is a memfd's, letter by letter, but it can have no seals that could be trusted. */
  @Test
  void aDeletedFileOfThatNameIsNotRead(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "x".repeat(4096));
    try (FileInputStream _ = new FileInputStream(file.toFile())) {
      Optional<Path> fd = Optional.empty();
      try (var fds = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
        for (Path candidate : fds) {
          if (Files.exists(candidate) && Files.isSameFile(candidate, file)) {
            fd = Optional.of(candidate);
          }
        }
      }
      int number = Integer.parseInt(fd.orElseThrow().getFileName().toString());
      try (Pidfd self = Pidfd.open(SELF);
          Fd duplicate = self.getfd(number)) {
        assertThat(refusal(duplicate))
            .containsAnyOf("only the name is a memfd's", "without F_SEAL_");
      }
    }
  }

  private static String refusal(Fd fd) {
    try {
      Seals.check(fd);
      return "none";
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  @Test
  void ofOneProcessNoMoreIsReadThanALimit() throws IOException {
    int large = (1 << 16) - 64; // 16 of them, and what describes them.
    SchemaBuilder schema = new SchemaBuilder().logHistogram("hist", Unit.NONE, 0, large - 1);
    try (PublishedVm vm = new PublishedVm(SCHEMA, schema.build())) {
      List<PublishedVcpu> vcpus = new ArrayList<>();
      for (int i = 0; i < 17; i++) {
        vcpus.add(vm.addVcpu(i));
      }
      try (AcquiredVmm acquired = new Acquirer().acquire(find())) {
        assertThat(acquired.objects()).isEmpty();
        assertThat(acquired.shortfall().orElseThrow())
            .startsWith("the process publishes ")
            .endsWith(" bytes: no more than 8388608 are read");
      }
      vcpus.getLast().close();
      try (AcquiredVmm acquired = new Acquirer().acquire(find())) {
        assertThat(acquired.objects()).hasSize(17);
        assertThat(acquired.shortfall()).isEmpty();
      }
    }
  }

  /** What is read already counts too, and is read on when there is no room for more. */
  @Test
  void norWhenItIsTriedAgain() throws IOException {
    Schema large = new SchemaBuilder().logHistogram("hist", Unit.NONE, 0, (1 << 16) - 65).build();
    byte[] file =
        StatsFileEncoder.encode(
            "late",
            large,
            MemorySegment.ofArray(new byte[(int) large.dataBytes()]),
            ByteOrder.nativeOrder());
    try (PublishedVm vm = new PublishedVm(SCHEMA, large);
        Fd late = Memfd.create("kvm-vcpu-stats:16", file.length);
        Mapping mapping = Mapping.shared(late, file.length)) {
      for (int i = 0; i < 16; i++) {
        vm.addVcpu(i);
      }
      mapping.segment().copyFrom(MemorySegment.ofArray(file));
      AcquiredVmm before = new Acquirer().acquire(find());
      assertThat(before.objects()).hasSize(17);
      assertThat(before.shortfall().orElseThrow()).contains("published without F_SEAL_");
      Memfd.addSeals(late, ALL);
      try (AcquiredVmm now = new Acquirer().retry(before);
          Arena arena = Arena.ofConfined()) {
        assertThat(now.objects()).isEqualTo(before.objects());
        assertThat(now.shortfall().orElseThrow()).endsWith(" bytes: no more than 8388608 are read");
        assertThat(now.isIncomplete()).isTrue();
        MemorySegment data = arena.allocate(Long.BYTES);
        assertThat(now.objects())
            .allMatch(
                object -> object.bytes().tryPread(data, object.file().dataOffset()) == Long.BYTES);
      }
    }
  }

  /** Where they stand, and how far in the file the data is, says nothing of how many there are. */
  @Test
  void namesBehindTheDataAreBytesToo() throws IOException {
    List<AutoCloseable> vms = new ArrayList<>();
    try {
      for (int i = 0; i < 40; i++) {
        vms.addAll(publishedWithNamesBehindItsData("of_vm_" + i + "_"));
      }
      try (AcquiredVmm acquired = new Acquirer().acquire(find())) {
        assertThat(acquired.shortfall().orElseThrow())
            .endsWith(" bytes: no more than 8388608 are read");
      }
    } finally {
      for (AutoCloseable vm : vms) {
        close(vm);
      }
    }
  }

  private static void close(AutoCloseable vm) throws IOException {
    try {
      vm.close();
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  private static List<AutoCloseable> publishedWithNamesBehindItsData(String prefix)
      throws IOException {
    SchemaBuilder builder = new SchemaBuilder();
    for (int k = 0; k < 4096; k++) {
      builder.cumulative(prefix + k, Unit.NONE, 0);
    }
    Schema schema = builder.build();
    MemorySegment zeros = MemorySegment.ofArray(new byte[(int) schema.dataBytes()]);
    MemorySegment file =
        MemorySegment.ofArray(StatsFileEncoder.encode("", schema, zeros, ByteOrder.nativeOrder()));
    int front = 24 + 48;
    long names = file.byteSize() - front - zeros.byteSize();
    Fd fd = Memfd.create("kvm-vm-stats", file.byteSize());
    Mapping mapping = Mapping.shared(fd, file.byteSize());
    MemorySegment out = mapping.segment();
    out.copyFrom(file.asSlice(0, front));
    out.set(ValueLayout.JAVA_INT, 16, front + (int) zeros.byteSize());
    out.set(ValueLayout.JAVA_INT, 20, front);
    out.asSlice(front + zeros.byteSize()).copyFrom(file.asSlice(front, names));
    Memfd.addSeals(fd, ALL);
    return List.of(mapping, fd);
  }

  /** Each with names of its own: they are kept as long as the VM is. */
  @Test
  void manyNamesAreBytesToo() throws IOException {
    List<PublishedVm> vms = new ArrayList<>();
    try {
      for (int i = 0; i < 40; i++) {
        SchemaBuilder schema = new SchemaBuilder();
        for (int k = 0; k < 4096; k++) {
          schema.cumulative("of_vm_" + i + "_" + k, Unit.NONE, 0);
        }
        vms.add(new PublishedVm(schema.build(), SCHEMA));
      }
      try (AcquiredVmm acquired = new Acquirer().acquire(find())) {
        assertThat(acquired.shortfall().orElseThrow())
            .endsWith(" bytes: no more than 8388608 are read");
      }
    } finally {
      vms.forEach(PublishedVm::close);
    }
  }
}
