package io.kvmstats.publish;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** The memfds that this process has open, as another process would find them. */
final class Memfds {
  private Memfds() {}

  /** {@return by its link, where each can be opened} */
  static Map<String, Path> open() throws IOException {
    Map<String, Path> open = new TreeMap<>();
    try (DirectoryStream<Path> fds = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path fd : fds) {
        try {
          String link = Files.readSymbolicLink(fd).toString();
          if (link.startsWith("/memfd:")) {
            open.put(link, fd);
          }
        } catch (NoSuchFileException e) {
          // The one that lists the folder.
        }
      }
    }
    return open;
  }

  /** {@return the bytes of the one with that link} */
  static byte[] read(String link) throws IOException {
    Path path = open().get(link);
    if (path == null) {
      throw new NoSuchFileException(link);
    }
    return Files.readAllBytes(path);
  }

  /** {@return how many mappings of memfds this process has} */
  static long mappings() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains("/memfd:"))
        .count();
  }
}
