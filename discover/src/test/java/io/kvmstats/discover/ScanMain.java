package io.kvmstats.discover;

import java.io.IOException;
import java.nio.file.Path;

/** Prints a scan of the given /proc, as the user that runs it. */
final class ScanMain {
  private ScanMain() {}

  /** {@code args}: the root. */
  public static void main(String[] args) throws IOException {
    try (Host.Scan scan = new Host(Path.of(args[0])).scan()) {
      scan.vmms().forEach(vmm -> System.out.println("found " + vmm.pid()));
      scan.hidden()
          .forEach(
              h -> System.out.println("hidden " + h.pid() + " " + h.program() + ": " + h.why()));
    }
  }
}
