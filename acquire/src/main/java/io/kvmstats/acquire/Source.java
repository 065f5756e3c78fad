package io.kvmstats.acquire;

/**
 * The ways of getting an object's statistics, in the order they are tried.
 *
 * <p>More have their place between and behind these: handed (a VMM passes its stats fds over a
 * socket) before {@link #DUP}; attach (its thread is made to open them), qmp and debugfs behind it.
 */
public enum Source {
  /** A stats fd that this process opened on a VM or vCPU of its own. */
  OWN("own"),
  /** A duplicate of a stats fd that the VMM holds open, by pidfd_getfd. */
  DUP("dup");

  private final String label;

  Source(String label) {
    this.label = label;
  }

  /** {@return the name that people see} */
  public String label() {
    return label;
  }
}
