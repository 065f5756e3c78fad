package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mappings against the real kernel: zeroed, shared with a file, gone when closed. */
class MappingTest {
  private static final int BYTES = 1 << 16;

  @Test
  void isZeroedAndUsableFromAnyThread() throws Exception {
    try (Mapping mapping = Mapping.anonymous(BYTES)) {
      MemorySegment memory = mapping.segment();
      assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(new byte[BYTES]);
      CompletableFuture.runAsync(() -> memory.fill((byte) 7)).get();
      byte[] filled = new byte[BYTES];
      Arrays.fill(filled, (byte) 7);
      assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(filled);
    }
  }

  @Test
  void isUnmappedWhenClosed() throws IOException {
    Mapping mapping = Mapping.anonymous(BYTES);
    MemorySegment memory = mapping.segment();
    assertThat(isMapped(memory.address())).isTrue();
    mapping.close();
    assertThatIllegalStateException().isThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0));
    assertThat(isMapped(memory.address())).isFalse();
    mapping.close();
  }

  private static boolean isMapped(long address) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .map(line -> line.substring(0, line.indexOf(' ')).split("-"))
        .anyMatch(range ->
            Long.compareUnsigned(Long.parseUnsignedLong(range[0], 16), address) <= 0
                && Long.compareUnsigned(Long.parseUnsignedLong(range[1], 16), address) > 0);
  }

  @Test
  void isSharedWithItsFile(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[BYTES]);
    try (Fd fd = Fd.open(file.toString(), Fd.O_RDWR);
        Mapping mapping = Mapping.shared(fd, BYTES)) {
      mapping.segment().set(ValueLayout.JAVA_BYTE, 5, (byte) 9);
      assertThat(Files.readAllBytes(file)[5]).isEqualTo((byte) 9);
    }
  }

  @Test
  void saysWhatCouldNotBeMapped() throws IOException {
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> Mapping.anonymous(1L << 60))
        .withMessage("mmap on " + (1L << 60) + " bytes: ENOMEM (Cannot allocate memory)");
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> Mapping.anonymous(0))
        .withMessage("mmap on 0 bytes: EINVAL (Invalid argument)");
    try (Fd fd = Fd.open("/dev/null", Fd.O_RDONLY)) {
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> Mapping.shared(fd, BYTES))
          .withMessage("mmap on " + fd + ": EACCES (Permission denied)");
    }
  }
}
