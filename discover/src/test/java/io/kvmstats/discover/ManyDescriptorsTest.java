package io.kvmstats.discover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.core.model.Schema;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Memfd;
import io.kvmstats.linux.OpenFiles;
import io.kvmstats.publish.PublishedVm;
import io.kvmstats.publish.SchemaBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * This process, with so many descriptors that one scan does not look at all of them, and what it
 * publishes behind them.
 */
class ManyDescriptorsTest {
  private static final int SELF = (int) ProcessHandle.current().pid();
  private static final int FDS = 1800;
  private static final int AT_FIRST = 1024;
  private static final int LATER = AT_FIRST / ProcFs.LATER_SHARE;
  private static final Schema SCHEMA = new SchemaBuilder().cumulative("exits").build();

  /** As large as the kernel's table of these descriptors is: a power of two. */
  private static final int TABLE = 2048;

  /** How many scans see all at first. */
  private static final int FIRST_ROUND = 1 + (TABLE - AT_FIRST) / LATER;

  /** And later. */
  private static final int ROUND = TABLE / LATER;

  /** What is known is looked at too. */
  private static final int KNOWN_MAX = 10;

  @TempDir private Path run;
  private final List<Fd> fds = new ArrayList<>();
  private int links;

  private final ProcFs proc =
      new ProcFs(Path.of("/proc"), AT_FIRST) {
        @Override
        String fdLink(int pid, int fd) throws IOException {
          links += pid == SELF ? 1 : 0;
          return super.fdLink(pid, fd);
        }
      };

  private Host host() {
    return new Host(proc, run, Path.of("/sys"));
  }

  @BeforeEach
  void open() throws IOException {
    assumeTrue(OpenFiles.raise() > FDS + 1000, "needs " + FDS + " descriptors (ulimit -Hn)");
    fds.add(Memfd.create("dull", 1));
    while (fds.size() < FDS) {
      another();
    }
  }

  private void another() throws IOException {
    fds.add(fds.getFirst().duplicate());
  }

  @AfterEach
  void close() {
    fds.forEach(Fd::close);
  }

  /** {@return whether a scan finds it, having looked at no more than it may} */
  private boolean finds(Host host, int most) throws IOException {
    links = 0;
    try (Host.Scan scan = host.scan()) {
      assertThat(links).isLessThanOrEqualTo(most + KNOWN_MAX);
      return scan.vmms().stream().anyMatch(vmm -> vmm.pid() == SELF);
    }
  }

  @Test
  void whatIsBehindThemIsFoundAfterSomeScansAndStaysKnown() throws IOException {
    Host host = host();
    try (PublishedVm _ = new PublishedVm(SCHEMA, SCHEMA)) {
      assertThat(finds(host, AT_FIRST)).isFalse();
      for (int i = 2; i < FIRST_ROUND; i++) {
        assertThat(finds(host, LATER)).isFalse();
      }
      for (int i = 0; i < 3 * ROUND; i++) {
        assertThat(finds(host, LATER)).as("scan %d", i).isTrue();
        another(); // So that it is to be looked at again.
      }
    }
    assertThat(finds(host, LATER)).isFalse();
  }

  @Test
  void whatComesLaterIsFoundToo() throws IOException {
    Host host = host();
    assertThat(finds(host, AT_FIRST)).isFalse();
    for (int i = 0; i < 2 * ROUND; i++) {
      assertThat(finds(host, LATER)).isFalse();
      another();
    }
    try (PublishedVm _ = new PublishedVm(SCHEMA, SCHEMA)) {
      int scans = 1;
      while (!finds(host, LATER)) {
        assertThat(++scans).isLessThan(2 * ROUND);
      }
    }
  }

  @Test
  void whoHasNothingIsLeftOutWhenAllWasSeen() throws IOException {
    Path sys = Files.createDirectories(run.resolve("sys"));
    Files.writeString(Files.createDirectory(sys.resolve("kernel")).resolve("uevent_seqnum"), "7");
    assertThat(finds(host(), AT_FIRST)).isFalse(); // What the JVM opens for it stays open.
    Host host = new Host(proc, run, sys); // Where KVM makes no VM.
    int turns = 3;
    int looks = 0;
    for (int i = 0; i < turns * Rescan.TURNS; i++) {
      assertThat(finds(host, AT_FIRST)).isFalse();
      looks += links > 0 ? 1 : 0;
    }
    assertThat(looks).isBetween(FIRST_ROUND, FIRST_ROUND + turns * ROUND);
  }
}
