package io.kvmstats.acquire;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What tests need of the machine they run on. */
final class Machine {
  private Machine() {}

  static void assumeKvm() {
    Path device = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "needs /dev/kvm, and permission to read and write it");
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the guests' code is for x86");
  }

  /** {@return the command that runs a class of this class path in another JVM} */
  static List<String> java(String mainClass) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
    return command;
  }

  /** A debugfs for tests whose outcome must not depend on whether there is one. */
  static FurtherSource.Found noDebugfs(Vmm vmm, List<KvmFd> missing) throws IOException {
    throw new IOException("debugfs: not on this machine");
  }
}
