/**
 * File descriptors, processes, memory and /dev/kvm, as typed system calls.
 *
 * <p>A call that fails throws a {@link io.kvmstats.linux.LinuxException}, which has the errno and
 * says what was tried on what; the few on the hot path return {@code -errno} instead. Everything
 * that holds a descriptor or a mapping is {@link AutoCloseable}, and closing twice is harmless.
 * Unless a class says otherwise an instance may be used from any thread, but must not be closed
 * while another thread uses it: the kernel gives a closed descriptor's number to the next one that
 * is opened.
 */
@NullMarked
package io.kvmstats.linux;

import org.jspecify.annotations.NullMarked;
