/**
 * The sweep (one pread of a whole data block per object, straight into that object's slot), the
 * table of slots, and the view of what a slot holds: samples, deltas, rates.
 *
 * <p>One thread sweeps; any thread reads slots at any time.
 */
@NullMarked
package io.kvmstats.collect;

import org.jspecify.annotations.NullMarked;
