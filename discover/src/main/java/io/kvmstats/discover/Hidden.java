package io.kvmstats.discover;

import java.util.Optional;

/**
 * A process that looks as if it held VMs, but whose descriptors this user may not see.
 *
 * @param pid the process
 * @param program its name
 * @param identity what its VM is called, by what every user may see
 * @param why what stands in the way, and what to do about it
 */
public record Hidden(int pid, String program, VmIdentity identity, String why) {

  /** {@return what its VM is called, where somebody says so} */
  public Optional<VmName> name() {
    return identity.name();
  }
}
