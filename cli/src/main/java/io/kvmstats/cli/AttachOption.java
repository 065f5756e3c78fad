package io.kvmstats.cli;

import picocli.CommandLine.Option;

/** The option to read what VMMs keep no stats fds of, of every command that reads them. */
final class AttachOption {
  @Option(
      names = "--attach",
      description =
          "Have a VMM that keeps no stats fds open them, by ptrace: stops a thread of it for a"
              + " moment, once per VM and vCPU. As root or the VMM's user; x86-64 only.")
  private boolean attach;

  boolean get() {
    return attach;
  }
}
