package io.kvmstats.discover;

import java.util.Optional;

/**
 * A process that looks as if it held VMs, but whose descriptors this user may not see.
 *
 * @param pid the process
 * @param program its name
 * @param name what its VM is called, where its command line says so
 * @param why what stands in the way, and what to do about it
 */
public record Hidden(int pid, String program, Optional<VmName> name, String why) {}
