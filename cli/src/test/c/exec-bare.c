// SPDX-License-Identifier: Apache-2.0
/* A program without a C library: creates a VM and a vCPU, and asks for their statistics. */
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/kvm.h>

#include "kvm_stats_binary_form.h"

static long call(long number, long a, long b, long c)
{
	long result;

	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(number), "D"(a), "S"(b), "d"(c)
		     : "rcx", "r11", "memory");
	return result;
}

__attribute__((force_align_arg_pointer, noreturn)) void _start(void)
{
	struct kvm_stats_info info = { 0 };
	long kvm = call(__NR_open, (long)"/dev/kvm", O_RDWR, 0);
	long vm = call(__NR_ioctl, kvm, KVM_CREATE_VM, 0);
	long vcpu = call(__NR_ioctl, vm, KVM_CREATE_VCPU, 0);
	long result = vcpu < 0 ? vcpu : call(__NR_ioctl, vcpu, KVM_STATS_GET_INFO, (long)&info);

	call(__NR_exit_group, result != 0 || info.num_stats == 0, 0, 0);
	__builtin_unreachable();
}
