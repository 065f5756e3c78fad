/**
 * Made-up VMs whose statistics behave as those of real ones, published, for trying out what reads
 * them where there is no KVM.
 */
@NullMarked
package io.kvmstats.publish.simulate;

import org.jspecify.annotations.NullMarked;
