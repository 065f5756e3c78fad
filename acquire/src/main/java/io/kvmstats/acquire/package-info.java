/**
 * Turns what discovery found, or what this process made, into open sources of statistics.
 *
 * <p>Runs when VMs come and go, never in the sweep: it may allocate, and it may fail for one object
 * without harming another. Not thread-safe unless a class says so.
 */
@NullMarked
package io.kvmstats.acquire;

import org.jspecify.annotations.NullMarked;
