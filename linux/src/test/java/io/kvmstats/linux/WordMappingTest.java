package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Words of a memfd, against the real kernel. */
class WordMappingTest {
  private static final int BYTES = 100;

  private static List<String> mappings() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains("/memfd:words"))
        .toList();
  }

  private static long read(Fd fd, long offset) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(ValueLayout.JAVA_LONG);
      assertThat(fd.pread(into, offset)).isEqualTo(Long.BYTES);
      return into.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  @Test
  void aWordIsTheFilesUntilItIsClosedAndNobodysAfterwards() throws IOException {
    try (Fd fd = Memfd.create("words", BYTES)) {
      Word word;
      try (WordMapping mapping = WordMapping.shared(fd, BYTES)) {
        word = mapping.word(8);
        word.set(-3);
        word.add(5);
        assertThat(word.get()).isEqualTo(2);
        assertThat(read(fd, 8)).isEqualTo(2);
        assertThat(mapping.segment().get(ValueLayout.JAVA_LONG, 8)).isEqualTo(2);
        assertThat(mappings()).hasSize(1);
      }
      assertThat(mappings()).isEmpty();
      word.add(1);
      assertThat(word.get()).isEqualTo(1);
      assertThat(read(fd, 8)).isEqualTo(2);
    }
  }

  @Test
  void thereAreNoWordsBesideTheFile() throws IOException {
    try (Fd fd = Memfd.create("words", BYTES);
        WordMapping mapping = WordMapping.shared(fd, BYTES)) {
      assertThat(mapping.word(88).get()).isZero();
      for (long offset : new long[] {-8, 4, 96, 1 << 20, Long.MAX_VALUE - 7}) {
        assertThatThrownBy(() -> mapping.word(offset))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      Memfd.addSeals(fd, Memfd.F_SEAL_FUTURE_WRITE);
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> WordMapping.shared(fd, BYTES))
          .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
    }
  }
}
