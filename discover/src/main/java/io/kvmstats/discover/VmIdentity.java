package io.kvmstats.discover;

import java.util.Optional;

/**
 * What a process's VM is called, by those who say so: for people, and no key. Anybody may give
 * their VM any name, and another's.
 *
 * @param name its name
 * @param uuid its UUID
 */
public record VmIdentity(Optional<VmName> name, Optional<VmUuid> uuid) {
  /** Of a VM of which nobody says anything. */
  public static final VmIdentity UNKNOWN = new VmIdentity(Optional.empty(), Optional.empty());
}
