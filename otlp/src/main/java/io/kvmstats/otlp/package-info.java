/**
 * What was read, pushed to whoever takes OTLP over HTTP, in protobuf: docs/otlp.md says what is in
 * it.
 *
 * <p>{@link io.kvmstats.otlp.OtlpPush} is the way in. The requests are written by an encoder of our
 * own, straight from samples: one is built when it is sent, and none is kept.
 */
@NullMarked
package io.kvmstats.otlp;

import org.jspecify.annotations.NullMarked;
