package io.kvmstats.broker;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kcmp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;

/** What tests need of the machine. */
final class Machine {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int PAUSE_MILLIS = 10;

  private Machine() {}

  static void assumeKvm() {
    assumeTrue(
        Files.isWritable(Path.of("/dev/kvm")),
        "needs /dev/kvm, and permission to read and write it");
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the guests' code is for x86");
  }

  /** {@return what this process has open, but for what the JVM opens when it likes} */
  static List<String> openFds() throws IOException {
    try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
      return fds.map(Machine::link)
          .filter(link -> link.matches("socket:.*|anon_inode:(kvm|\\[pidfd).*|/memfd:.*|pipe:.*"))
          .sorted()
          .toList();
    }
  }

  private static String link(Path fd) {
    try {
      return Files.readSymbolicLink(fd).toString();
    } catch (IOException e) {
      return ""; // The folder's own.
    }
  }

  /** {@return how often this process has the same open file by another descriptor} */
  static int duplicates(Fd file) throws IOException {
    int self = Math.toIntExact(ProcessHandle.current().pid());
    int duplicates = 0;
    try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
      for (Path fd : fds.filter(other -> link(other).equals(linkOf(file))).toList()) {
        int number = Integer.parseInt(fd.getFileName().toString());
        if (number != file.number() && Kcmp.compareFiles(self, number, self, file.number()) == 0) {
          duplicates++;
        }
      }
    }
    return duplicates;
  }

  private static String linkOf(Fd file) {
    return link(Path.of("/proc/self/fd", Integer.toString(file.number())));
  }

  /** Something that becomes true, or fails. */
  interface Condition {
    boolean holds() throws IOException;
  }

  static void await(String what, Condition condition) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() - deadline > 0) {
        Assertions.fail("not within %s: %s", PATIENCE, what);
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }
}
