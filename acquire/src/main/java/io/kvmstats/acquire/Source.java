package io.kvmstats.acquire;

import java.util.Arrays;
import java.util.Optional;

/** The ways of getting an object's statistics, in the order they are tried. */
public enum Source {
  /** A stats fd that this process opened on a VM or vCPU of its own. */
  OWN("own"),
  /** A stats fd that the VMM, or whoever has it, handed to us over a socket. */
  HANDED("handed"),
  /** A duplicate of a stats fd that the VMM holds open, by pidfd_getfd. */
  DUP("dup"),
  /**
   * A stats fd that one of the VMM's threads was made to open, by ptrace: only when asked for,
   * since it stops that thread for a moment.
   */
  ATTACH("attach"),
  /**
   * QEMU's answers to query-stats on a QMP socket of its own: only when asked for, since QEMU
   * before 8.1 interrupts every vCPU for it. Polled.
   */
  QMP("qmp"),
  /**
   * The VM's directory in debugfs: its own statistics, those of its vCPUs only added up over all of
   * them, and no histograms. Polled.
   */
  DEBUGFS("debugfs");

  private final String label;

  Source(String label) {
    this.label = label;
  }

  /** {@return the name that people see} */
  public String label() {
    return label;
  }

  /**
   * {@return the source that people see by a name}
   *
   * @param label a newer version may have more of them
   */
  public static Optional<Source> labelled(String label) {
    return Arrays.stream(values()).filter(source -> source.label.equals(label)).findFirst();
  }
}
