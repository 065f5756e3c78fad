package io.kvmstats.openmetrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Prometheus's own parser and linter of the text format. */
final class Promtool {
  private static final int HAS_COMPLAINTS = 3;

  private Promtool() {}

  static void assumeInstalled() {
    boolean isInstalled =
        Arrays.stream(System.getenv("PATH").split(":", -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "promtool")));
    assumeTrue(isInstalled, "needs promtool: apt-get install prometheus");
  }

  /** Fails when the document is not valid, or against a rule of good names. */
  static void assertClean(byte[] text) throws IOException, InterruptedException {
    Path output = Files.createTempFile("promtool", ".txt");
    assertThat(check(text, output)).as(Files.readString(output)).isZero();
    Files.delete(output);
  }

  /** Fails when the document is not valid, however strange its names are. */
  static void assertValid(byte[] text, String what) throws IOException, InterruptedException {
    Path output = Files.createTempFile("promtool", ".txt");
    assertThat(check(text, output))
        .as(what + ": " + Files.readString(output))
        .isIn(0, HAS_COMPLAINTS);
    Files.delete(output);
  }

  private static int check(byte[] text, Path output) throws IOException, InterruptedException {
    Process promtool =
        new ProcessBuilder("promtool", "check", "metrics")
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try (OutputStream in = promtool.getOutputStream()) {
      in.write(text);
    }
    return promtool.waitFor();
  }
}
