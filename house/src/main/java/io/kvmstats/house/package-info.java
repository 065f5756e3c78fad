/**
 * The rules of the house, as tests over the whole repository.
 *
 * <p>There is nothing else in this package; this file is here because Maven and javac take a module
 * without classes for a mistake.
 */
@NullMarked
package io.kvmstats.house;

import org.jspecify.annotations.NullMarked;
