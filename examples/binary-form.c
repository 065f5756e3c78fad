/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the statistics of a VM and of its vCPU by the ioctls of docs/binary-form.md: information and
 * names once, data three times.
 *
 *	cc -Iinclude -o binary-form examples/binary-form.c
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include "kvm_stats_binary_form.h"

static void show(const char *what, int fd)
{
	struct kvm_stats_info info;

	if (ioctl(fd, KVM_STATS_GET_INFO, &info))
		err(1, "%s: KVM_STATS_GET_INFO", what);

	size_t names_size = (size_t)info.num_stats * KVM_STATS_NAME_LEN;
	size_t data_size = (size_t)info.num_stats * sizeof(__u64);
	struct kvm_stats_names *names = malloc(sizeof(*names) + names_size);
	struct kvm_stats_data *data = malloc(sizeof(*data) + data_size);

	if (!names || !data)
		err(1, "%s: %u statistics", what, info.num_stats);
	names->size = names_size;
	data->size = data_size;
	if (ioctl(fd, KVM_STATS_GET_NAMES, names))
		err(1, "%s: KVM_STATS_GET_NAMES", what);
	for (int i = 0; i < 3; i++) {
		if (ioctl(fd, KVM_STATS_GET_DATA, data))
			err(1, "%s: KVM_STATS_GET_DATA", what);
		printf("%s, %u statistics:\n", what, info.num_stats);
		for (__u32 n = 0; n < info.num_stats; n++)	/* A name may fill its 32 bytes. */
			printf("  %.32s %llu\n", (const char *)names->names + n * KVM_STATS_NAME_LEN,
			       (unsigned long long)data->data[n]);
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	free(names);
	free(data);
}

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		err(1, "/dev/kvm");

	int has = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM);

	if (has != 1)	/* Another capability has this number today: true is not enough. */
		errx(1, "no binary form of statistics: KVM_CHECK_EXTENSION(%d) is 0x%x, not 1",
		     KVM_CAP_STATS_BINARY_FORM, has);

	int vm = ioctl(kvm, KVM_CREATE_VM, 0);
	int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);

	if (vm < 0 || vcpu < 0)
		err(1, "a VM with a vCPU");
	show("VM", vm);
	show("vCPU 0", vcpu);
	return 0;
}
