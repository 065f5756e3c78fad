package io.kvmstats.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** How long threads ran and waited, as the kernel says, and as a text might. */
class SchedstatTest {
  private static final int SELF = (int) ProcessHandle.current().pid();
  private static final int TRIES = 200;

  private final MemorySegment values = Arena.ofAuto().allocate(3 * Long.BYTES);

  private long value(int index) {
    return values.get(ValueLayout.JAVA_LONG, (long) index * Long.BYTES);
  }

  private boolean parses(String text) {
    values.fill((byte) 0x55);
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      MemorySegment segment = arena.allocate(Math.max(bytes.length, 1));
      MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
      return Schedstat.parse(segment, bytes.length, values, Long.BYTES);
    }
  }

  @Test
  void aTextIsTwoTimesAndANumberOfSlices() {
    assertThat(parses("1660817589 183256208 932\n")).isTrue();
    assertThat(value(1)).isEqualTo(1_660_817_589L);
    assertThat(value(2)).isEqualTo(183_256_208L);
    assertThat(parses("0 0 1\n")).isTrue();
    assertThat(value(1)).isZero();
    assertThat(value(2)).isZero();
    String most = Long.toUnsignedString(-1);
    assertThat(parses(most + " " + most + " " + most + "\n")).isTrue();
    assertThat(value(1)).isEqualTo(-1);
    assertThat(value(2)).isEqualTo(-1);
    assertThat(value(0)).as("what lies before").isEqualTo(0x5555555555555555L);
  }

  @Test
  void whatIsNoneIsAbsent() {
    for (String text :
        List.of(
            "",
            "0 0 0\n", // Not counted.
            "1 2 3",
            "1 2\n",
            "1 2 \n",
            " 1 2 3\n",
            "1  2 3\n",
            "1 -2 3\n",
            "1 2 3 4\n",
            "x 2 3\n",
            "123456789012345678901 2 3\n")) {
      assertThat(parses(text)).as("'" + text + "'").isFalse();
      assertThat(value(1)).isEqualTo(0x5555555555555555L);
      assertThat(value(2)).isEqualTo(0x5555555555555555L);
    }
  }

  /** A thread that waits until it is told to end. */
  private static final class Waiting {
    final CountDownLatch end = new CountDownLatch(1);
    final Thread thread;
    final int tid;

    Waiting() throws Exception {
      CompletableFuture<Integer> said = new CompletableFuture<>();
      thread =
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                try {
                  Path self = Path.of("/proc/thread-self").toRealPath();
                  said.complete(Integer.parseInt(self.getFileName().toString()));
                  end.await();
                } catch (Exception e) {
                  said.completeExceptionally(e);
                }
              });
      tid = said.get();
    }

    /** Ends it, and returns when the kernel has no such thread any more. */
    void end() throws Exception {
      end.countDown();
      thread.join();
      long deadline = System.nanoTime() + 10_000_000_000L;
      while (Files.exists(Path.of("/proc/self/task/" + tid))) {
        assertThat(System.nanoTime()).isLessThan(deadline);
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void aThreadThatRunsRunsLonger() throws Exception {
    int tid = Integer.parseInt(Path.of("/proc/thread-self").toRealPath().getFileName().toString());
    try (Schedstat schedstat = Schedstat.open(SELF, tid)) {
      assertThat(schedstat.tryRead(values, 0)).isTrue();
      long before = value(0);
      long start = System.nanoTime();
      while (value(0) == before && System.nanoTime() - start < 10_000_000_000L) {
        assertThat(schedstat.tryRead(values, 0)).isTrue();
      }
      // More than it spent here it can't have run, but for what was not counted yet at the start.
      assertThat(value(0) - before).isBetween(1L, System.nanoTime() - start + 1_000_000_000L);
    }
  }

  @Test
  void nothingIsReadOfAThreadThatHasEndedNorOfTheNextOne() throws Exception {
    Waiting first = new Waiting();
    try (Schedstat schedstat = Schedstat.open(SELF, first.tid)) {
      assertThat(schedstat.tryRead(values, 0)).isTrue();
      first.end();
      values.fill((byte) 0x55);
      assertThat(schedstat.tryRead(values, 0)).isFalse();
      Path lastPid = Path.of("/proc/sys/kernel/ns_last_pid");
      assumeTrue(Files.isWritable(lastPid), "only root can have a thread's number used again");
      boolean again = false;
      for (int i = 0; i < TRIES && !again; i++) { // Others take numbers too.
        Files.writeString(lastPid, Integer.toString(first.tid - 1));
        Waiting second = new Waiting();
        try (Schedstat theirs = Schedstat.open(SELF, second.tid)) {
          again = second.tid == first.tid;
          assertThat(schedstat.tryRead(values, 0)).isFalse();
          assertThat(theirs.tryRead(values, Long.BYTES)).isTrue();
        } finally {
          second.end();
        }
      }
      assertThat(value(0)).isEqualTo(0x5555555555555555L);
      assumeTrue(again, "the number was never free at the right moment");
    } finally {
      first.end();
    }
  }

  @Test
  void aThreadThatIsNotThereIsNamed() {
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> Schedstat.open(SELF, 1))
        .withMessage(
            "open on /proc/" + SELF + "/task/1/schedstat: ENOENT (No such file or directory)");
  }
}
