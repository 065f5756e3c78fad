package io.kvmstats.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Runs what the documents have for examples. */
final class Programs {
  static final Path HOME = Path.of(System.getProperty("kvmstats.home"));

  private Programs() {}

  /** {@return what a program of one file printed, which has every module on its class path} */
  static String java(Path source) throws IOException, InterruptedException {
    return run(
        0,
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        source.toString());
  }

  /** {@return what a program printed, which has to end with an exit code} */
  static String run(int exit, String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isEqualTo(exit);
    return said;
  }

  static void assumeKvm() {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "skipped: no /dev/kvm that can be opened");
  }

  static void assumeInstalled(String program) {
    assumeTrue(
        Arrays.stream(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, program))),
        "skipped: " + program + " is not installed");
  }
}
