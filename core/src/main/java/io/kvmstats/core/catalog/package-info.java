/**
 * What each statistic means: data, for people.
 *
 * <p>Nothing here is needed to read a statistic, and a name that the catalog lacks is shown all the
 * same. {@link io.kvmstats.core.catalog.RfcNames} are for values that come without names, of the
 * RFC of March 2021. Immutable; any thread.
 */
@NullMarked
package io.kvmstats.core.catalog;

import org.jspecify.annotations.NullMarked;
