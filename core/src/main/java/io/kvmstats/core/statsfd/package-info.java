/**
 * The stats fd's file format (KVM_GET_STATS_FD, KVM_CAP_BINARY_STATS_FD): its layout in one place,
 * decoded and encoded.
 *
 * <p>What is decoded is taken to be hostile: every count, offset and length is bounded and checked
 * before it is used. Classes here keep no state between calls and may be used from any thread.
 */
@NullMarked
package io.kvmstats.core.statsfd;

import org.jspecify.annotations.NullMarked;
