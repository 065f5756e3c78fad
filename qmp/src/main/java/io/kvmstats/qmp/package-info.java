/**
 * Asks a QEMU for the statistics of its VM, on a QMP socket that nobody else uses.
 *
 * <p>QMP is JSON over a socket: QEMU greets, is asked for its capabilities, and then answers
 * commands one at a time, with events in between (docs/interop/qmp-spec, qapi/stats.json, QEMU 7.1
 * and later). Whatever comes from the socket is hostile: every step has a time limit, every message
 * a limit in bytes and in depth, and what is not understood ends the connection.
 */
@NullMarked
package io.kvmstats.qmp;

import org.jspecify.annotations.NullMarked;
