package io.kvmstats.discover;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes up a /proc, process by process. */
final class FakeProc {
  private final Path root;

  FakeProc(Path root) {
    this.root = root;
  }

  Path root() {
    return root;
  }

  /** A process whose name, in its stat too, may be anything. */
  Path process(int pid, String comm, long startTicks, String... arguments) throws IOException {
    Path process = Files.createDirectories(root.resolve(Integer.toString(pid)));
    Files.createDirectories(process.resolve("fd"));
    Files.writeString(process.resolve("comm"), comm + "\n");
    byte[] commandLine =
        arguments.length == 0
            ? new byte[0]
            : (String.join("\0", arguments) + "\0").getBytes(StandardCharsets.ISO_8859_1);
    Files.write(process.resolve("cmdline"), commandLine);
    StringBuilder stat = new StringBuilder(pid + " (" + comm + ") S");
    for (int field = 4; field <= 52; field++) {
      stat.append(' ').append(field == 22 ? startTicks : 1000 + field);
    }
    Files.writeString(process.resolve("stat"), stat + "\n");
    thread(pid, pid, comm);
    return process;
  }

  void thread(int pid, int tid, String comm) throws IOException {
    Path task = root.resolve(Integer.toString(pid)).resolve("task").resolve(Integer.toString(tid));
    Files.writeString(Files.createDirectories(task).resolve("comm"), comm + "\n");
  }

  void fd(int pid, int number, String link) throws IOException {
    Path fds = root.resolve(Integer.toString(pid)).resolve("fd");
    Files.createSymbolicLink(fds.resolve(Integer.toString(number)), Path.of(link));
  }
}
