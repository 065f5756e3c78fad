/**
 * The broker: one process reads the statistics of a host's VMs, and shares the table that they land
 * in with processes that may do nothing but read it.
 *
 * <p>docs/broker.md has the table's layout and the packets, to the byte.
 */
@NullMarked
package io.kvmstats.broker;

import org.jspecify.annotations.NullMarked;
