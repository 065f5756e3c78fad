/**
 * What was read, as Prometheus's text format, OpenMetrics, or protobuf.
 *
 * <p>{@link io.kvmstats.openmetrics.Exposition} keeps what each VM and statistic is called, and
 * goes through the document in its order; an {@code Output} writes it in a format. Names follow
 * from the schemas ({@code Families}); docs/metrics.md says how.
 */
@NullMarked
package io.kvmstats.openmetrics;

import org.jspecify.annotations.NullMarked;
