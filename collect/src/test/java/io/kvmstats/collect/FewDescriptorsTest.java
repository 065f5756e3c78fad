package io.kvmstats.collect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import io.kvmstats.linux.JavaProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** VMs that have more stats fds together than this process may have descriptors. */
class FewDescriptorsTest {
  private static final int VMS = 6;
  private static final int VCPUS = 12;

  /** Enough for all to be looked at, and for about half of them to be read. */
  private static final int LIMIT = 64;

  private final List<GuestProcess> guests = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    Path device = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "needs /dev/kvm, and permission to read and write it");
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the guests' code is for x86");
    for (int i = 0; i < VMS; i++) {
      GuestProcess guest =
          GuestProcess.start("many-fds", Collections.nCopies(VCPUS, Life.HALT)).awaitRunning();
      guests.add(guest);
      run("kill", "-STOP", Integer.toString(guest.pid())); // They need not run to be read.
    }
  }

  @AfterEach
  void end() throws IOException {
    for (GuestProcess guest : guests) {
      guest.kill();
      guest.close();
    }
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }

  private static void assumeInstalled(String program) throws Exception {
    Process which = new ProcessBuilder("sh", "-c", "command -v " + program).start();
    assumeTrue(which.waitFor() == 0, "needs " + program + ", which is not installed");
  }

  /** A VMM of a look: how many of its objects were read, and what is said of the rest. */
  private record Line(int pid, int read, String why) {
    boolean isWhole() {
      return read == VCPUS + 1 && why.equals("all");
    }
  }

  /** A process that reads, and may have so many descriptors. */
  private static final class Reader implements AutoCloseable {
    final Process process;
    private final BufferedReader output;

    /**
     * Starts one.
     *
     * @param mayRaise whether the limit is one that it can have raised
     * @param guests to read
     */
    Reader(boolean mayRaise, List<GuestProcess> guests) throws Exception {
      List<String> command = new ArrayList<>();
      if (!mayRaise && Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)) {
        assumeInstalled("setpriv"); // Root may raise any.
        command.addAll(List.of("setpriv", "--bounding-set=-sys_resource"));
      }
      String limited = "ulimit " + (mayRaise ? "-Sn " : "-n ") + LIMIT + "; exec \"$@\"";
      command.addAll(List.of("sh", "-c", limited, "sh"));
      List<String> pids = guests.stream().map(guest -> Integer.toString(guest.pid())).toList();
      List<String> java = JavaProcess.command(FewDescriptorsMain.class, pids);
      java.add(1, "-XX:-MaxFDLimit"); // The JVM would raise it at once.
      command.addAll(java);
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      output = process.inputReader(StandardCharsets.UTF_8);
    }

    /** Has it look for VMs and sweep. */
    List<Line> look() throws IOException {
      process.getOutputStream().write('\n');
      process.getOutputStream().flush();
      List<Line> lines = new ArrayList<>();
      String line = output.readLine();
      while (line != null && !line.equals(".")) {
        String[] words = line.split(" ", 3);
        lines.add(new Line(Integer.parseInt(words[0]), Integer.parseInt(words[1]), words[2]));
        line = output.readLine();
      }
      assertThat(line).as("it goes on").isNotNull();
      return lines;
    }

    @Override
    public void close() throws IOException {
      process.getOutputStream().close(); // And so it ends.
      assertThat(process.onExit().orTimeout(20, TimeUnit.SECONDS).join().exitValue()).isZero();
    }
  }

  @Test
  void whatDoesNotFitIsNamedAndReadWhenThereIsRoom() throws Exception {
    try (Reader reader = new Reader(false, guests)) {
      List<Line> first = reader.look();
      assertThat(first).hasSize(VMS);
      assertThat(first.getFirst().isWhole()).as(first.toString()).isTrue();
      List<Line> refused = first.stream().filter(line -> !line.isWhole()).toList();
      assertThat(refused).hasSizeBetween(1, VMS - 1);
      assertThat(refused)
          .allMatch(line ->
              line.why.contains("descriptors that this process may have open are used")
                  && line.why.contains("raise the limit (ulimit -Hn, LimitNOFILE=)"));
      // None seems to have ended for want of a descriptor to look at it with.
      for (int i = 0; i < 5; i++) {
        assertThat(reader.look()).isEqualTo(first);
      }
      int left = 2;
      for (GuestProcess guest : guests.subList(0, VMS - left)) {
        guest.kill();
      }
      long deadline = System.nanoTime() + 60_000_000_000L;
      List<Line> now = reader.look();
      while (!now.stream().allMatch(Line::isWhole)) {
        assertThat(System.nanoTime()).as(now.toString()).isLessThan(deadline);
        Thread.sleep(200);
        now = reader.look();
      }
      assertThat(now).hasSize(left);
    }
  }

  @Test
  void whoMayHaveTheLimitRaisedReadsAll() throws Exception {
    try (Reader reader = new Reader(true, guests)) {
      assertThat(reader.look()).hasSize(VMS).allMatch(Line::isWhole);
    }
  }
}
