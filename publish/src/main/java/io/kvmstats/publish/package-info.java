/**
 * Counters in shared memory that any reader of the kernel's stats fds can read.
 *
 * <p>A VM, and each of its vCPUs, is a memfd with the bytes of a stats file, named as the kernel
 * names its own and sealed so that its length is fixed and nobody but the publisher can write. Each
 * statistic has one writer at a time, on any thread; readers take no lock and are never noticed.
 */
@NullMarked
package io.kvmstats.publish;

import org.jspecify.annotations.NullMarked;
