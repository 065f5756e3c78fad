package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process that publishes, or claims to, until it is closed. */
final class Publisher implements AutoCloseable {
  private final Process process;

  private Publisher(List<String> command) throws IOException {
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader lines = process.inputReader();
    assertThat(lines.readLine()).as(command.toString()).isEqualTo("ready");
  }

  /** {@link PublisherMain}. */
  static Publisher java(String name) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(PublisherMain.class.getName(), "-name", name));
    return new Publisher(command);
  }

  /** A Python program. */
  static Publisher python(Path program, String... arguments) throws Exception {
    App.assumeCommand("python3");
    List<String> command = new ArrayList<>(List.of("python3", program.toString()));
    command.addAll(List.of(arguments));
    return new Publisher(command);
  }

  /** hostile.py, which says what it can do. */
  static Publisher hostile(String what) throws Exception {
    Path program = App.HOME.resolve("cli/src/test/python/hostile.py");
    return python(program, what, "-name", "hostile-" + what);
  }

  String pid() {
    return Long.toString(process.pid());
  }

  /** {@return a descriptor with that link} */
  String fd(String link) throws IOException {
    try (DirectoryStream<Path> fds =
        Files.newDirectoryStream(Path.of("/proc/" + process.pid() + "/fd"))) {
      for (Path fd : fds) {
        if (Files.readSymbolicLink(fd).toString().equals(link)) {
          return fd.getFileName().toString();
        }
      }
    }
    throw new AssertionError(link + " is not open in process " + process.pid());
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
