/**
 * KVM's statistics as periodic events of the JDK's Flight Recorder.
 *
 * <p>{@link io.kvmstats.jfr.KvmEvents} registers them; docs/embedding.md has an example.
 */
@NullMarked
package io.kvmstats.jfr;

import org.jspecify.annotations.NullMarked;
