package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Descriptors against the real kernel: what is read, what is closed, what errors say. */
class FdTest {
  private static final String TEXT = "0123456789";

  @TempDir private Path folder;

  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void free() {
    arena.close();
  }

  private Fd text() throws IOException {
    Path file = Files.writeString(folder.resolve("text"), TEXT);
    return Fd.open(file.toString(), Fd.O_RDONLY);
  }

  @Test
  void readsAtAnyOffset() throws IOException {
    MemorySegment into = arena.allocate(4);
    try (Fd fd = text()) {
      assertThat(fd.pread(into, 3)).isEqualTo(4);
      assertThat(new String(into.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII))
          .isEqualTo("3456");
      assertThat(fd.pread(into, 8)).isEqualTo(2);
      assertThat(fd.pread(into, TEXT.length())).isZero();
      assertThat(fd.pread(into, 1L << 40)).isZero();
      assertThat(fd.link()).isEqualTo(folder.toRealPath().resolve("text").toString());
    }
  }

  @Test
  void namesCallSubjectAndErrno() throws IOException {
    String missing = folder.resolve("missing").toString();
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> Fd.open(missing, Fd.O_RDONLY))
        .withMessage("open on " + missing + ": ENOENT (No such file or directory)")
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    try (Fd fd = Fd.open("/dev/null", Fd.O_RDWR)) {
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> fd.ioctl("KVM_GET_STATS_FD", KvmAbi.GET_STATS_FD, 0))
          .withMessage(
              "ioctl KVM_GET_STATS_FD on /dev/null: ENOTTY (Inappropriate ioctl for device)");
    }
    MemorySegment into = arena.allocate(1);
    try (Fd fd = Fd.open("/proc", Fd.O_RDONLY)) {
      assertThatExceptionOfType(LinuxException.class)
          .isThrownBy(() -> fd.pread(into, 0))
          .withMessage("pread on /proc: EISDIR (Is a directory)");
      assertThat(fd.tryPread(into, 0)).isEqualTo(-21);
      assertThat(fd.tryPread(into, -1)).isEqualTo(-Errno.EINVAL);
    }
  }

  @Test
  void isNotForTheProgramsThatAreStarted() throws IOException {
    try (Fd fd = text()) {
      String info = Files.readString(Path.of("/proc/self/fdinfo/" + fd.number()));
      String flags = info.lines().filter(line -> line.startsWith("flags:")).findFirst().get();
      int closeOnExec = 02000000; // O_CLOEXEC, as the kernel prints it: octal.
      assertThat(Integer.parseInt(flags.substring(6).strip(), 8) & closeOnExec).isNotZero();
    }
  }

  @Test
  void closedIsRefusedBeforeTheKernelIsAsked() throws IOException {
    Fd fd = text();
    fd.close();
    MemorySegment into = arena.allocate(1);
    assertThatIllegalStateException()
        .isThrownBy(() -> fd.pread(into, 0))
        .withMessageEndingWith("text is closed");
    assertThatIllegalStateException().isThrownBy(() -> fd.tryPread(into, 0));
    assertThatIllegalStateException().isThrownBy(fd::number);
    assertThatIllegalStateException().isThrownBy(fd::link);
    assertThatIllegalStateException().isThrownBy(() -> fd.ioctl("KVM_RUN", KvmAbi.RUN, 0));
    assertThat(fd).hasToString(folder.resolve("text") + " (closed)");
  }

  @Test
  void closingTwiceSparesTheNextFileOfThatNumber() throws IOException {
    Fd first = text();
    int number = first.number();
    first.close();
    try (Fd second = new Fd(reopenAs(number), "the next")) {
      first.close();
      assertThat(second.pread(arena.allocate(1), 0)).isEqualTo(1);
    }
  }

  /** Opens until the kernel, which gives the lowest free number, gives this one. */
  private long reopenAs(int number) throws IOException {
    List<Fd> others = new ArrayList<>();
    try (Arena names = Arena.ofConfined()) {
      long path = names.allocateFrom(folder.resolve("text").toString()).address();
      while (true) {
        long opened = Libc.open(path, Fd.O_RDONLY);
        if (opened == number) {
          return opened;
        }
        others.add(new Fd(opened, "another"));
        assertThat(opened).as("the number does not come again").isBetween(0L, (long) number);
      }
    } finally {
      others.forEach(Fd::close);
    }
  }
}
