package io.kvmstats.exec;

import io.kvmstats.linux.LinuxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** {@code WHO STEPS PROGRAM...}: becomes the program, under a {@link ShakySupervisorMain}. */
final class ShakyLauncherMain {
  private ShakyLauncherMain() {}

  public static void main(String[] args) throws Exception {
    List<byte[]> command =
        Arrays.stream(args).skip(2).map(arg -> arg.getBytes(StandardCharsets.UTF_8)).toList();
    LinuxException refused =
        Launcher.exec(
            command,
            0,
            Path.of("target").toAbsolutePath(),
            ShakySupervisorMain.class,
            List.of(args[0], args[1]));
    throw refused;
  }
}
