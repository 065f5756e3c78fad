/**
 * Finds the processes that hold KVM's descriptors, and what they call their VMs.
 *
 * <p>Everything in /proc is another user's to write, so it is bounded and checked. A process that
 * ends while it is looked at is left out: that is no error. Not thread-safe unless a class says so.
 */
@NullMarked
package io.kvmstats.discover;

import org.jspecify.annotations.NullMarked;
