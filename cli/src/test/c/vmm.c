/*
 * A VMM that is not ours to the last line: it makes a VM of two vCPUs, lets the first one exit a few
 * hundred times, keeps all stats fds open as QEMU since 8.1 keeps its vCPUs', and prints what it
 * reads from them itself, one value a line: OBJECT NAME INDEX VALUE. Then it waits for its standard
 * input to end.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define VCPUS 2

static long check(long result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
	return result;
}

static void print(const char *object, int fd)
{
	struct kvm_stats_header header;
	check(pread(fd, &header, sizeof(header), 0), "header");
	size_t stride = sizeof(struct kvm_stats_desc) + header.name_size;
	char *descs = malloc(stride * header.num_desc);

	check(pread(fd, descs, stride * header.num_desc, header.desc_offset), "descriptors");
	for (uint32_t i = 0; i < header.num_desc; i++) {
		struct kvm_stats_desc *desc = (void *)(descs + i * stride);

		for (int k = 0; k < desc->size; k++) {
			uint64_t value;

			check(pread(fd, &value, 8, header.data_offset + desc->offset + 8 * k), "value");
			printf("%s %s %d %llu\n", object, desc->name, k, (unsigned long long)value);
		}
	}
	free(descs);
}

int main(void)
{
	/* mov dx, 0x1234; out dx, al; jmp back to the out: 16-bit code at 0. */
	static const uint8_t code[] = { 0xba, 0x34, 0x12, 0xee, 0xeb, 0xfd };
	int kvm = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	int vm = check(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	int vm_stats = check(ioctl(vm, KVM_GET_STATS_FD, 0), "KVM_GET_STATS_FD");
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {
		.memory_size = 4096, .userspace_addr = (uintptr_t)memory,
	};
	int vcpus[VCPUS], stats[VCPUS];

	memcpy(memory, code, sizeof(code));
	check(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	for (int i = 0; i < VCPUS; i++) {
		vcpus[i] = check(ioctl(vm, KVM_CREATE_VCPU, i), "KVM_CREATE_VCPU");
		stats[i] = check(ioctl(vcpus[i], KVM_GET_STATS_FD, 0), "KVM_GET_STATS_FD");
	}
	struct kvm_sregs sregs;
	struct kvm_regs regs = { .rflags = 2 };
	check(ioctl(vcpus[0], KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	check(ioctl(vcpus[0], KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
	check(ioctl(vcpus[0], KVM_SET_REGS, &regs), "KVM_SET_REGS");
	for (int i = 0; i < 300; i++)
		check(ioctl(vcpus[0], KVM_RUN, 0), "KVM_RUN");

	print("vm", vm_stats);
	for (int i = 0; i < VCPUS; i++) {
		char object[16];

		snprintf(object, sizeof(object), "vcpu%d", i);
		print(object, stats[i]);
	}
	printf("ready\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
