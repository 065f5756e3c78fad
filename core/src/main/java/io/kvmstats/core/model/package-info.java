/**
 * What a statistic is: descriptors, the schema they form, and samples of an object's data.
 *
 * <p>Everything here is immutable and may be used from any thread. Terms and encodings are those of
 * {@code Documentation/virt/kvm/api.rst}, section KVM_GET_STATS_FD, and of {@code
 * include/uapi/linux/kvm.h} (Linux 6.12).
 */
@NullMarked
package io.kvmstats.core.model;

import org.jspecify.annotations.NullMarked;
