package io.kvmstats.qmp;

import java.io.IOException;

/** QEMU understood a command, and refused it; the connection is as good as before. */
final class QmpError extends IOException {
  private static final long serialVersionUID = 1L;

  QmpError(String command, String description) {
    super(command + ": QEMU says \"" + description + "\"");
  }
}
