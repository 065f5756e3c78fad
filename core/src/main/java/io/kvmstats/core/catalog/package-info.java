/**
 * What each statistic means: data, for people.
 *
 * <p>Nothing here is needed to read a statistic, and a name that the catalog lacks is shown all the
 * same. Immutable; any thread.
 */
@NullMarked
package io.kvmstats.core.catalog;

import org.jspecify.annotations.NullMarked;
