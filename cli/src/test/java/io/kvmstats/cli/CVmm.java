package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The VMM of vmm.c in a process of its own, with the numbers that it read itself. */
final class CVmm implements AutoCloseable {
  private static final Path SOURCE = App.HOME.resolve("cli/src/test/c/vmm.c");

  private final Path program;
  private final Process process;

  /** By "object name index", such as {@code vcpu0 exits 0}. */
  final Map<String, String> values = new TreeMap<>();

  private CVmm(Path program, Process process) throws IOException {
    this.program = program;
    this.process = process;
    BufferedReader lines = process.inputReader();
    String line = lines.readLine();
    while (line != null && !line.equals("ready")) {
      int value = line.lastIndexOf(' ');
      values.put(line.substring(0, value), line.substring(value + 1));
      line = lines.readLine();
    }
    assertThat(line).as("vmm.c got as far as to wait").isEqualTo("ready");
  }

  /** Compiles and starts it. */
  static CVmm start(String... args) throws Exception {
    App.assumeKvm();
    App.assumeCommand("cc");
    Path program = Files.createTempFile("kvmstats-vmm", "");
    App.Result cc =
        App.run(
            List.of("cc", "-O1", "-Wall", "-Werror", "-o", program.toString(), SOURCE.toString()));
    assertThat(cc.exit()).as(cc.err()).isZero();
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(args));
    return new CVmm(
        program,
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  long pid() {
    return process.pid();
  }

  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    Files.delete(program);
  }
}
