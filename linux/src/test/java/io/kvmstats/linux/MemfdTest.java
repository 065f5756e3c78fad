package io.kvmstats.linux;

import static io.kvmstats.linux.Memfd.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memfds and their seals, against the real kernel. */
class MemfdTest {
  private static final int BYTES = 1000;

  private List<String> before;

  @BeforeEach
  void remember() throws IOException {
    before = Held.now();
  }

  @AfterEach
  void nothingIsLeftOpen() throws IOException {
    assertThat(Held.now()).isEqualTo(before);
  }

  @Test
  void isAFileOfZerosWithAName() throws IOException {
    try (Fd fd = Memfd.create("some name", BYTES);
        Arena arena = Arena.ofConfined()) {
      assertThat(fd.link()).isEqualTo("/memfd:some name (deleted)");
      MemorySegment into = arena.allocate(BYTES + 1);
      into.fill((byte) 1);
      assertThat(fd.pread(into, 0)).isEqualTo(BYTES);
      assertThat(into.asSlice(0, BYTES).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(new byte[BYTES]);
      assertThat(Memfd.seals(fd)).isZero();
    }
  }

  @Test
  void whatWasMappedBeforeTheSealIsTheOnlyWayToWrite() throws IOException {
    try (Fd fd = Memfd.create("sealed", BYTES);
        Mapping mapping = Mapping.shared(fd, BYTES);
        Arena arena = Arena.ofConfined()) {
      int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
      Memfd.addSeals(fd, seals);
      assertThat(Memfd.seals(fd)).isEqualTo(seals);
      mapping.segment().set(ValueLayout.JAVA_BYTE, 5, (byte) 9);
      try (Mapping reader = Mapping.readOnly(fd, BYTES)) {
        assertThat(reader.segment().get(ValueLayout.JAVA_BYTE, 5)).isEqualTo((byte) 9);
        assertThat(reader.segment().isReadOnly()).isTrue();
      }
      MemorySegment into = arena.allocate(1);
      assertThat(fd.pread(into, 5)).isEqualTo(1);
      assertThat(into.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 9);
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> Mapping.shared(fd, BYTES))
          .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> Memfd.addSeals(fd, F_SEAL_WRITE))
          .withMessageStartingWith("fcntl F_ADD_SEALS on memfd sealed")
          .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
    }
  }

  @Test
  void saysWhatWentWrongAndLeavesNothingOpen(@TempDir Path folder) throws IOException {
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> Memfd.create("x".repeat(250), BYTES))
        .withMessageStartingWith("memfd_create on memfd x")
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> Memfd.create("negative", -1))
        .withMessage("ftruncate on memfd negative: EINVAL (Invalid argument)");
    Path file = Files.createFile(folder.resolve("memfd:kvm-vm-stats (deleted)"));
    try (Fd fd = Fd.open(file.toString(), Fd.O_RDWR)) {
      // A file on tmpfs can have seals, in principle: it can't be given any.
      int none = seals(fd);
      assertThat(none).isIn(0, F_SEAL_SEAL);
    }
  }

  private static int seals(Fd fd) {
    try {
      return Memfd.seals(fd);
    } catch (LinuxException e) {
      assertThat(e.errno()).isEqualTo(Errno.EINVAL);
      return 0;
    }
  }
}
