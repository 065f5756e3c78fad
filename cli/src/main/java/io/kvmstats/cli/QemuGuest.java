package io.kvmstats.cli;

import io.kvmstats.guest.GapMeter;
import io.kvmstats.guest.GapRom;
import io.kvmstats.linux.Kvm;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** A guest that keeps account of its pauses, in a QEMU with a QMP socket. */
final class QemuGuest implements AutoCloseable {
  private static final String PROGRAM = "qemu-system-x86_64";

  /** What a PC can hardly have less of. */
  private static final long MEMORY_BYTES = 16 << 20;

  /** The shell ends it when our pipe to it ends, however this process does. */
  private static final String SCRIPT = "\"$@\" </dev/null & echo $!; cat >/dev/null; kill -9 $!";

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Path folder;
  private final GapMeter meter;
  private final Process shell;
  private final int pid;

  private QemuGuest(Path folder, GapMeter meter, Process shell, int pid) {
    this.folder = folder;
    this.meter = meter;
    this.shell = shell;
    this.pid = pid;
  }

  /** {@return whether there is a QEMU to be started} */
  static boolean isInstalled() {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return Arrays.stream(path.split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, PROGRAM)));
  }

  /**
   * Starts one, and waits until its guest runs and its socket is there.
   *
   * @throws IOException when it does not start; what QEMU said is in the message
   */
  static QemuGuest start(Kvm kvm) throws IOException {
    Path folder = Files.createTempDirectory("kvmstats-disturb");
    try {
      GapMeter meter = GapMeter.create(kvm, MEMORY_BYTES);
      try {
        return start(folder, meter);
      } catch (IOException | RuntimeException e) {
        meter.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      delete(folder);
      throw e;
    }
  }

  private static QemuGuest start(Path folder, GapMeter meter) throws IOException {
    Path rom = Files.write(folder.resolve("rom"), GapRom.image());
    Path errors = folder.resolve("errors");
    List<String> command = new ArrayList<>(List.of("sh", "-c", SCRIPT, "sh", PROGRAM));
    command.addAll(List.of("-accel", "kvm", "-machine", "pc,memory-backend=ram"));
    command.addAll(List.of("-m", MEMORY_BYTES + "B", "-object", memory(meter)));
    command.addAll(List.of("-bios", rom.toString(), "-name", "disturb"));
    command.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none"));
    command.addAll(List.of("-qmp", "unix:" + socket(folder) + ",server=on,wait=off"));
    Process shell = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    try {
      String pid = shell.inputReader(StandardCharsets.UTF_8).readLine();
      QemuGuest guest = new QemuGuest(folder, meter, shell, Integer.parseInt(String.valueOf(pid)));
      meter.awaitGuest(PATIENCE);
      return guest;
    } catch (IOException | RuntimeException e) {
      end(shell);
      throw new IOException(
          PROGRAM + " does not run its guest: " + Files.readString(errors).strip(), e);
    }
  }

  private static String memory(GapMeter meter) {
    return "memory-backend-file,id=ram,share=on,size=" + MEMORY_BYTES + ",mem-path=" + meter.path();
  }

  private static Path socket(Path folder) {
    return folder.resolve("qmp");
  }

  int pid() {
    return pid;
  }

  GapMeter meter() {
    return meter;
  }

  private static void end(Process shell) throws IOException {
    shell.getOutputStream().close();
    shell.onExit().join();
  }

  private static void delete(Path folder) throws IOException {
    for (File file : Objects.requireNonNull(folder.toFile().listFiles())) {
      Files.delete(file.toPath());
    }
    Files.delete(folder);
  }

  @Override
  public void close() throws IOException {
    end(shell);
    meter.close();
    delete(folder);
  }
}
