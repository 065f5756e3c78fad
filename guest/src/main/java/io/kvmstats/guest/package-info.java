/**
 * Virtual machines of a few dozen bytes of machine code, each vCPU with a life that shows in its
 * statistics.
 */
@NullMarked
package io.kvmstats.guest;

import org.jspecify.annotations.NullMarked;
