/** Benchmarks, and comparisons with C in the same process. Not part of the application. */
@NullMarked
package io.kvmstats.bench;

import org.jspecify.annotations.NullMarked;
