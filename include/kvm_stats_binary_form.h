/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The binary form of KVM's statistics: three ioctls on a VM or a vCPU.
 *
 * Proposed for Linux in March 2021 and never merged; "kvmstats exec" and VMMs of one's own serve it.
 * KVM_CHECK_EXTENSION(KVM_CAP_STATS_BINARY_FORM) is 1 where it is there. Mainline Linux has another
 * capability of that number, which is not 1: compare, don't just test.
 *
 * Called on a VM: its own statistics, followed by every vCPU statistic summed over its vCPUs.
 * Called on a vCPU: the vCPU's.
 *
 * docs/binary-form.md is the reference, examples/binary-form.c an example.
 */
#ifndef KVM_STATS_BINARY_FORM_H
#define KVM_STATS_BINARY_FORM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define KVM_CAP_STATS_BINARY_FORM 195

/* How long a name is, padded with NULs. One that fills it has none behind it: print with "%.32s". */
#define KVM_STATS_NAME_LEN 32

struct kvm_stats_info {
	__u32 num_stats;	/* out: how many statistics there are; never changes */
};

struct kvm_stats_names {
	__u32 size;		/* in: bytes behind this, at least num_stats * KVM_STATS_NAME_LEN */
	__u8 names[];		/* out: num_stats of KVM_STATS_NAME_LEN bytes */
};

struct kvm_stats_data {
	__u32 size;		/* in: bytes behind this, at least num_stats * sizeof(data[0]) */
	__u64 data[];		/* out: num_stats values, in the order of the names */
};

/* Errors: EFAULT a bad address; EINVAL size is too small (or on a vCPU: no such ioctl); ENOTTY no such
 * ioctl (on a VM); EIO another process made the VM. */
#define KVM_STATS_GET_INFO _IOR(0xAE, 0xcc, struct kvm_stats_info)
#define KVM_STATS_GET_NAMES _IOR(0xAE, 0xcd, struct kvm_stats_names)
#define KVM_STATS_GET_DATA _IOR(0xAE, 0xce, struct kvm_stats_data)

#endif
