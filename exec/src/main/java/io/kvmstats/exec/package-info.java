/**
 * The binary form's ioctls in a program that knows nothing of kvmstats, on a kernel that has stats
 * fds.
 *
 * <p>A seccomp filter stops the program's calls that matter, and a supervisor answers them: a
 * process of its own, and no relative of the program's. It has the program open the stats fd of
 * each VM and vCPU as it creates it, and keeps a duplicate. x86-64 only.
 */
@NullMarked
package io.kvmstats.exec;

import org.jspecify.annotations.NullMarked;
