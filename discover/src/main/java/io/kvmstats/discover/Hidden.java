package io.kvmstats.discover;

/**
 * A process that looks as if it held VMs, but whose descriptors this user may not see.
 *
 * @param pid the process
 * @param program its name
 * @param why what stands in the way, and what to do about it
 */
public record Hidden(int pid, String program, String why) {}
