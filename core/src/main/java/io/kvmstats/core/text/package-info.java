/**
 * How names and numbers are written for people, whoever prints them. Plain functions; any thread.
 */
@NullMarked
package io.kvmstats.core.text;

import org.jspecify.annotations.NullMarked;
