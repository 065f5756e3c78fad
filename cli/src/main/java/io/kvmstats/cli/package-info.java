/**
 * One class per command, and how numbers look as a table, JSON and CSV.
 *
 * <p>Numbers go to standard output, everything else to standard error. Exit codes are those of
 * {@link io.kvmstats.cli.Exit}. Single-threaded.
 */
@NullMarked
package io.kvmstats.cli;

import org.jspecify.annotations.NullMarked;
