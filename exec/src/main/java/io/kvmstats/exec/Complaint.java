package io.kvmstats.exec;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Says what went wrong where the program says such things: on its standard error. */
final class Complaint {
  private Complaint() {}

  /**
   * Says it, without waiting until it has been: that could take as long as the program likes.
   *
   * @param thread of the program
   * @param what went wrong
   */
  static void to(int thread, Exception what) {
    String line =
        "kvmstats exec: the binary form of statistics is missing here: " + what.getMessage() + "\n";
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            Files.write(
                Path.of("/proc/" + thread + "/fd/2"),
                line.getBytes(StandardCharsets.UTF_8),
                StandardOpenOption.APPEND);
          } catch (IOException e) {
            // It has none, or has gone: nobody is there to be told.
          }
        });
  }
}
