package io.kvmstats.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A QEMU with two QMP sockets and a guest without a disk. It is beside this process and no child of
 * it, since Java waits for children of its own, and would see the stops of one that is attached to.
 */
final class Qemu implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(20);

  final Path first;
  final Path second;
  final int pid;
  private final Process shell;

  private Qemu(Path first, Path second, Process shell, int pid) {
    this.first = first;
    this.second = second;
    this.shell = shell;
    this.pid = pid;
  }

  static void assumeThere() {
    Path device = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "needs /dev/kvm, and permission to read and write it");
    boolean installed =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "qemu-system-x86_64")));
    assumeTrue(installed, "needs qemu-system-x86_64, which is not installed");
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "KVM runs x86's code on x86 only");
  }

  /**
   * Starts one, and waits for its vCPUs.
   *
   * @param smp as in {@code -smp}
   */
  static Qemu start(Path folder, String smp, int vcpus) throws Exception {
    Path first = folder.resolve("first, with a comma");
    Path second = folder.resolve("second");
    List<String> command = new ArrayList<>(List.of("sh", "-c"));
    command.add("\"$@\" </dev/null >/dev/null & echo $!; wait $!");
    command.addAll(
        List.of("sh", "qemu-system-x86_64", "-accel", "kvm", "-machine", "q35", "-smp", smp));
    command.addAll(
        List.of("-nodefaults", "-display", "none", "-name", "qmp-test,debug-threads=on"));
    command.addAll(
        List.of("-qmp", "unix:" + first.toString().replace(",", ",,") + ",server=on,wait=off"));
    command.addAll(List.of("-chardev", "socket,id=m,path=" + second + ",server=on,wait=off"));
    command.addAll(List.of("-mon", "chardev=m,mode=control,pretty=on"));
    Process shell =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader out = shell.inputReader(StandardCharsets.UTF_8);
    Qemu qemu = new Qemu(first, second, shell, Integer.parseInt(out.readLine()));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (qemu.scan().filter(vmm -> vmm.vcpus().size() == vcpus).isEmpty()) {
      assertThat(System.nanoTime()).as("QEMU is up").isLessThan(deadline);
      Thread.sleep(20);
    }
    return qemu;
  }

  private Optional<Vmm> scan() throws IOException {
    Optional<Vmm> found = Optional.empty();
    for (Vmm vmm : new Host().scan().vmms()) {
      if (vmm.pid() == pid) {
        found = Optional.of(vmm);
      } else {
        vmm.close();
      }
    }
    return found;
  }

  Vmm vmm() throws IOException {
    return scan().orElseThrow();
  }

  void signal(String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, Integer.toString(pid)).start().waitFor();
  }

  /** A client of a monitor, which nobody else can be as long as it is open. */
  static SocketChannel take(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    return channel;
  }

  /** Has a monitor carry out a command. */
  static void command(Path socket, String command) throws IOException {
    try (SocketChannel channel = take(socket)) {
      String all = "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"" + command + "\",\"id\":77}";
      channel.write(ByteBuffer.wrap(all.getBytes(StandardCharsets.UTF_8)));
      BufferedReader lines =
          new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
      String line = lines.readLine();
      while (line != null && !line.contains("77")) {
        line = lines.readLine();
      }
      assertThat(line).isNotNull();
    }
  }

  @Override
  public void close() {
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    shell.onExit().join();
  }
}
