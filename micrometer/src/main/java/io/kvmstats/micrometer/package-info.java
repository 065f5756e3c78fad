/**
 * KVM's statistics as meters of Micrometer, for Java programs that have it already.
 *
 * <p>{@link io.kvmstats.micrometer.KvmMetrics} binds them to a registry; docs/embedding.md has an
 * example.
 */
@NullMarked
package io.kvmstats.micrometer;

import org.jspecify.annotations.NullMarked;
