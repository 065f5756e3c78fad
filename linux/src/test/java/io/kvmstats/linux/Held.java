package io.kvmstats.linux;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What of the things that tests open this process holds: an object not closed shows up here. */
final class Held {
  private Held() {}

  /** {@return the links of descriptors, and the mappings of vCPUs and memfds, sorted} */
  static List<String> now() throws IOException {
    List<String> held = new ArrayList<>();
    try (DirectoryStream<Path> fds = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path fd : fds) {
        try {
          String link = Files.readSymbolicLink(fd).toString();
          // The JVM opens files and sockets whenever it likes to, but none of these.
          if (link.startsWith("anon_inode:")
              || link.startsWith("pidfd:")
              || link.startsWith("/memfd:")
              || link.startsWith("/dev/")) {
            held.add(link);
          }
        } catch (NoSuchFileException e) {
          // The one that lists the folder.
        }
      }
    }
    for (String mapping : Files.readAllLines(Path.of("/proc/self/maps"))) {
      if (mapping.contains("anon_inode:kvm-") || mapping.contains("/memfd:")) {
        held.add("mapping of " + mapping.split(" +", 6)[5]);
      }
    }
    Collections.sort(held);
    return held;
  }
}
