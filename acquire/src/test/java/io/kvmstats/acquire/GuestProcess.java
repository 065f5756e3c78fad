package io.kvmstats.acquire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.guest.GuestMain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A VMM of one VM in a process of its own, running when it is made. */
final class GuestProcess implements AutoCloseable {
  private final Process process;

  GuestProcess(String name, String... lives) throws IOException {
    assumeKvm();
    List<String> command = java(GuestMain.class.getName());
    command.addAll(List.of("-name", name));
    command.addAll(List.of(lives));
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    assertThat(process.inputReader().readLine()).isEqualTo("running");
  }

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

  int pid() {
    return (int) process.pid();
  }

  /** Ends it; it is gone when this returns. */
  void kill() {
    process.destroyForcibly().onExit().join();
  }

  @Override
  public void close() {
    kill();
  }
}
