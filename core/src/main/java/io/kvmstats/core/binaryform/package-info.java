/**
 * The binary form of KVM's statistics that the RFC of March 2021 proposed: three ioctls on a VM or
 * a vCPU that tell how many statistics it has, their names, and their values.
 *
 * <p>Its layout, and its server: what the RFC's handlers do (patch 3/4), for a VMM, a simulator or
 * a test. No kernel was released with it; what came of it is the stats fd. The client is {@code
 * io.kvmstats.linux}'s; on a kernel that has stats fds, {@link io.kvmstats.core.binaryform.Scalars}
 * tells what of these the binary form has.
 */
@NullMarked
package io.kvmstats.core.binaryform;

import org.jspecify.annotations.NullMarked;
