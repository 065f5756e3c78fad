// SPDX-License-Identifier: Apache-2.0
/*
 * What a C program may do with the binary form's ioctls, under "kvmstats exec" on the real kernel:
 * exec-client SCENARIO. Says nothing and exits with 0 when all was as it has to be.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kvm_stats_binary_form.h"

#define MAX 256

#define CHECK(holds)                                                                            \
	do {                                                                                    \
		if (!(holds)) {                                                                 \
			fprintf(stderr, "exec-client.c:%d: %s (errno %d)\n", __LINE__, #holds,  \
				errno);                                                         \
			exit(1);                                                                \
		}                                                                               \
	} while (0)

/* Fails, and with that error. */
#define FAILS(error, call) CHECK((call) == -1 && errno == (error))

struct data {
	__u32 size;
	__u32 pad;
	__u64 values[MAX];
};

struct names {
	__u32 size;
	char names[MAX][KVM_STATS_NAME_LEN];
};

static int kvm;

static int count_of(int fd)
{
	struct kvm_stats_info info = { 0 };

	CHECK(ioctl(fd, KVM_STATS_GET_INFO, &info) == 0);
	CHECK(info.num_stats > 0 && info.num_stats < MAX);
	return info.num_stats;
}

static void get_data(int fd, struct data *data)
{
	data->size = sizeof(data->values);
	CHECK(ioctl(fd, KVM_STATS_GET_DATA, data) == 0);
	CHECK(data->size == sizeof(data->values));
}

static int new_vm(void)
{
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);

	CHECK(vm >= 0);
	return vm;
}

/* With guest code that exits at once, for ever. */
static int new_running_vm(void)
{
	/* mov dx, 0x1234; out dx, al; jmp back to the out: 16-bit code at 0. */
	static const uint8_t code[] = { 0xba, 0x34, 0x12, 0xee, 0xeb, 0xfd };
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {
		.memory_size = 4096, .userspace_addr = (uintptr_t)memory,
	};
	int vm = new_vm();

	memcpy(memory, code, sizeof(code));
	CHECK(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0);
	return vm;
}

static int new_vcpu(int vm, int id)
{
	struct kvm_mp_state runnable = { KVM_MP_STATE_RUNNABLE };
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_sregs sregs;
	int vcpu = ioctl(vm, KVM_CREATE_VCPU, id);

	CHECK(vcpu >= 0);
	CHECK(ioctl(vcpu, KVM_GET_SREGS, &sregs) == 0);
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	CHECK(ioctl(vcpu, KVM_SET_SREGS, &sregs) == 0);
	CHECK(ioctl(vcpu, KVM_SET_REGS, &regs) == 0);
	ioctl(vcpu, KVM_SET_MP_STATE, &runnable);
	return vcpu;
}

static void run(int vcpu, int times)
{
	while (times-- > 0)
		CHECK(ioctl(vcpu, KVM_RUN, 0) == 0);
}

/* The single values of a stats fd, in the order in which they lie in the data. */
struct scalar {
	uint32_t offset;
	char name[64];
	uint64_t value;
};

static int by_offset(const void *a, const void *b)
{
	const struct scalar *one = a, *other = b;

	return one->offset < other->offset ? -1 : one->offset > other->offset;
}

static int scalars_of(int fd, struct scalar *scalars)
{
	int stats = ioctl(fd, KVM_GET_STATS_FD, 0), n = 0;
	struct kvm_stats_header header;
	char desc[256];

	CHECK(stats >= 0);
	CHECK(pread(stats, &header, sizeof(header), 0) == sizeof(header));
	size_t bytes = sizeof(struct kvm_stats_desc) + header.name_size;
	CHECK(bytes <= sizeof(desc));
	for (uint32_t i = 0; i < header.num_desc; i++) {
		struct kvm_stats_desc *d = (void *)desc;

		CHECK(pread(stats, desc, bytes, header.desc_offset + i * bytes) == (ssize_t)bytes);
		int type = d->flags & KVM_STATS_TYPE_MASK;
		if (type == KVM_STATS_TYPE_LINEAR_HIST || type == KVM_STATS_TYPE_LOG_HIST)
			continue;
		scalars[n].offset = d->offset;
		strncpy(scalars[n].name, d->name, sizeof(scalars[n].name) - 1);
		CHECK(pread(stats, &scalars[n].value, 8, header.data_offset + d->offset) == 8);
		n++;
	}
	close(stats);
	qsort(scalars, n, sizeof(*scalars), by_offset);
	return n;
}

/* What is between two descriptors of these and one that takes the binary form's ioctls. */
static int same_as_stats_fd(int fd, const struct names *names, const struct data *data, int from)
{
	static struct scalar scalars[MAX];
	int n;

	memset(scalars, 0, sizeof(scalars));
	n = scalars_of(fd, scalars);
	for (int i = 0; i < n; i++) {
		scalars[i].name[KVM_STATS_NAME_LEN - 1] = 0;
		CHECK(strncmp(names->names[from + i], scalars[i].name, KVM_STATS_NAME_LEN) == 0);
		CHECK(data->values[from + i] == scalars[i].value);
	}
	return n;
}

static void capability(void)
{
	int vm = new_vm(), vcpu = new_vcpu(vm, 0), null = open("/dev/null", O_RDWR);
	int path = open("/dev/kvm", O_PATH), closed = dup(null);

	close(closed);
	CHECK(ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM) == 1);
	CHECK(ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM) == 1);
	FAILS(EINVAL, ioctl(vcpu, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM));
	FAILS(ENOTTY, ioctl(null, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM));
	FAILS(EBADF, ioctl(path, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM));
	FAILS(EBADF, ioctl(closed, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM));
	FAILS(EBADF, ioctl(-1, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM));
	/* All others are the kernel's. */
	CHECK(ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_BINARY_STATS_FD) == 1);
	CHECK(ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_BINARY_STATS_FD) == 1);
	CHECK(ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM + (1L << 32)) == 0);
	CHECK(ioctl(kvm, KVM_CHECK_EXTENSION, 0xfffffffe) == 0);
}

static void values(void)
{
	static struct names names;
	static struct data data, other;
	int vm = new_running_vm(), empty = new_vm();
	int own = count_of(vm) - count_of(new_vcpu(empty, 0)), vcpus[2];

	CHECK(own > 0);
	/* No vCPU yet: zeros. */
	get_data(vm, &data);
	for (int i = own; i < count_of(vm); i++)
		CHECK(data.values[i] == 0);
	for (int i = 0; i < 2; i++) {
		vcpus[i] = new_vcpu(vm, i);
		run(vcpus[i], 100 + i);
		CHECK(count_of(vcpus[i]) == count_of(vm) - own);
		names.size = sizeof(names.names);
		CHECK(ioctl(vcpus[i], KVM_STATS_GET_NAMES, &names) == 0);
		get_data(vcpus[i], &data);
		CHECK(same_as_stats_fd(vcpus[i], &names, &data, 0) == count_of(vcpus[i]));
	}
	CHECK(ioctl(vm, KVM_STATS_GET_NAMES, &names) == 0);
	get_data(vm, &data);
	CHECK(same_as_stats_fd(vm, &names, &data, 0) == own);
	for (int i = 0; i < count_of(vcpus[0]); i++) {
		uint64_t sum = 0;

		for (int k = 0; k < 2; k++) {
			get_data(vcpus[k], &other);
			sum += other.values[i];
		}
		CHECK(data.values[own + i] == sum);
		if (strcmp(names.names[own + i], "exits") == 0)
			CHECK(sum >= 201);
	}
	/* A vCPU that is closed goes on to be counted: it lives as long as its VM. */
	close(vcpus[1]);
	get_data(vm, &other);
	CHECK(memcmp(other.values + own, data.values + own, 8 * count_of(vcpus[0])) == 0);
}

static void memory_of(int fd)
{
	int n = count_of(fd);
	char *pages = mmap(NULL, 5 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *edge = pages + 4 * 4096;
	static struct data all;
	unsigned long requests[] = { KVM_STATS_GET_INFO, KVM_STATS_GET_NAMES, KVM_STATS_GET_DATA };
	uintptr_t nowhere[] = { 0, 1, 4096, (uintptr_t)edge, 0x7ffffffff000, 0x800000000000,
				0xffff888000000000, -4096UL, -1UL };

	munmap(edge, 4096);
	for (int i = 0; i < 3; i++)
		for (size_t k = 0; k < sizeof(nowhere) / sizeof(*nowhere); k++)
			FAILS(EFAULT, ioctl(fd, requests[i], nowhere[k]));

	/* Odd addresses, and nothing touched behind what is needed, whatever size says. */
	for (int i = 1; i < 3; i++) {
		size_t header = i == 1 ? 4 : 8, needed = n * (i == 1 ? KVM_STATS_NAME_LEN : 8);
		__u32 sizes[] = { needed, needed + 1, 0xffffffff };

		for (int k = 0; k < 3; k++) {
			char *at = pages + 1;

			memset(pages, 0x5a, 4 * 4096);
			memcpy(at, &sizes[k], 4);
			CHECK(ioctl(fd, requests[i], at) == 0);
			CHECK(memcmp(at, &sizes[k], 4) == 0);
			CHECK(pages[0] == 0x5a && at[header + needed] == 0x5a);
			CHECK(at[header + needed - 1] != 0x5a);
		}
		__u32 small[] = { 0, needed - 1 };

		for (int k = 0; k < 2; k++) {
			memset(pages, 0x5a, 4 * 4096);
			memcpy(pages, &small[k], 4);
			FAILS(EINVAL, ioctl(fd, requests[i], pages));
			for (int b = 4; b < 4096; b++)
				CHECK(pages[b] == 0x5a);
		}
		/* The structure's end is not there: that comes before the size. */
		FAILS(EFAULT, ioctl(fd, requests[i], edge - (header - 1)));
		/* The buffer's end is not there: what is before it has been written. */
		for (size_t room = 0; room < needed; room += 7) {
			char *at = edge - header - room;
			__u32 size = needed;

			memset(edge - 4096, 0x5a, 4096);
			memcpy(at, &size, 4);
			FAILS(EFAULT, ioctl(fd, requests[i], at));
			CHECK(at[-1] == 0x5a);
			get_data(fd, &all);
			if (i == 2)
				CHECK(memcmp(at + header, all.values, room) == 0);
			else if (room > 0)
				CHECK(at[header] != 0x5a);
		}
		/* It may be read and not written: nothing has been. */
		memset(pages, 0x5a, 4096);
		CHECK(mprotect(pages, 4096, PROT_READ) == 0);
		FAILS(EFAULT, ioctl(fd, requests[i], pages));
		FAILS(EFAULT, ioctl(fd, KVM_STATS_GET_INFO, pages));
		CHECK(pages[8] == 0x5a && pages[0] == 0x5a);
		/* Not even read. */
		CHECK(mprotect(pages, 4096, PROT_NONE) == 0);
		FAILS(EFAULT, ioctl(fd, requests[i], pages));
		CHECK(mprotect(pages, 4096, PROT_READ | PROT_WRITE) == 0);
		/* Half-mapped: up to the page's end, and no further. */
		CHECK(mprotect(pages + 4096, 4096, PROT_READ) == 0);
		__u32 size = needed;
		memcpy(pages + 4096 - header, &size, 4);
		FAILS(EFAULT, ioctl(fd, requests[i], pages + 4096 - header));
		CHECK(pages[4096] == 0x5a);
		CHECK(mprotect(pages + 4096, 4096, PROT_READ | PROT_WRITE) == 0);
	}
	/* INFO is written, not read. */
	CHECK(ioctl(fd, KVM_STATS_GET_INFO, edge - 4) == 0);
	CHECK(*(__u32 *)(edge - 4) == (__u32)n);
	FAILS(EFAULT, ioctl(fd, KVM_STATS_GET_INFO, edge - 3));
	munmap(pages, 4 * 4096);
}

static void memory(void)
{
	int vm = new_vm();

	memory_of(vm);
	memory_of(new_vcpu(vm, 0));
}

static void requests(void)
{
	int vm = new_vm(), vcpu = new_vcpu(vm, 0);
	struct data data = { .size = sizeof(data.values) };
	/* Other directions and sizes: all others' numbers, and the kernel's to answer. */
	unsigned long others[] = {
		_IOW(KVMIO, 0xcc, struct kvm_stats_info), _IOWR(KVMIO, 0xcc, struct kvm_stats_info),
		_IOR(KVMIO, 0xcc, __u64), _IO(KVMIO, 0xcc), _IOWR(KVMIO, 0xcd, struct kvm_stats_names),
		_IOR(KVMIO, 0xcd, __u64), _IOR(KVMIO, 0xce, __u32), _IOWR(KVMIO, 0xce, __u64),
		_IOR(0xAF, 0xcc, __u32),
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		FAILS(ENOTTY, ioctl(vm, others[i], &data));
		CHECK(ioctl(vcpu, others[i], &data) == -1 && (errno == EINVAL || errno == ENOTTY));
	}
	/* A command that was an int: its upper half is not looked at. */
	CHECK(syscall(SYS_ioctl, vm, (long)(int)KVM_STATS_GET_INFO, &data) == 0);
	data.size = sizeof(data.values);
	CHECK(syscall(SYS_ioctl, vcpu, (long)(int)KVM_STATS_GET_DATA, &data) == 0);
	CHECK(syscall(SYS_ioctl, (long)vm | 7L << 32, KVM_STATS_GET_INFO, &data) == 0);
	CHECK(syscall(SYS_ioctl, kvm, KVM_CHECK_EXTENSION | 0xffffffff00000000UL, 195) == 1);
}

static void descriptors(void)
{
	static struct data data;
	int one = new_running_vm(), vcpu = new_vcpu(one, 0), two = new_vm();
	int null = open("/dev/null", O_RDWR), path, other, n;
	char link[64];

	run(vcpu, 50);
	get_data(vcpu, &data);
	/* A duplicate is the same object, whatever its number. */
	other = fcntl(vcpu, F_DUPFD, 500);
	CHECK(other >= 500);
	n = count_of(other);
	CHECK(n == count_of(vcpu));
	/* The number of one, and the object of another. */
	CHECK(count_of(one) == count_of(two));
	get_data(one, &data);
	uint64_t moved = 0, still = 0;
	for (int i = 0; i < count_of(one); i++)
		moved += data.values[i];
	CHECK(dup2(two, one) == one);
	get_data(one, &data);
	for (int i = count_of(one) - n; i < count_of(one); i++)
		still += data.values[i];
	CHECK(moved > 0 && still == 0);
	/* Its VM's descriptor is closed, and the vCPU lives. */
	get_data(vcpu, &data);
	close(vcpu);
	get_data(other, &data);
	/* What they are not. */
	FAILS(EBADF, ioctl(vcpu, KVM_STATS_GET_DATA, &data));
	FAILS(ENOTTY, ioctl(null, KVM_STATS_GET_DATA, &data));
	FAILS(EINVAL, ioctl(kvm, KVM_STATS_GET_INFO, &data));
	FAILS(EBADF, ioctl(-1, KVM_STATS_GET_INFO, &data));
	FAILS(EBADF, ioctl(1 << 30, KVM_STATS_GET_INFO, &data));
	int stats = ioctl(two, KVM_GET_STATS_FD, 0);
	FAILS(ENOTTY, ioctl(stats, KVM_STATS_GET_INFO, &data));
	path = open("/dev/kvm", O_PATH);
	FAILS(EBADF, ioctl(path, KVM_STATS_GET_INFO, &data));
	FAILS(EBADF, ioctl(path, KVM_CREATE_VM, 0));
	FAILS(ENOTTY, ioctl(null, KVM_CREATE_VM, 0));
	FAILS(ENOTTY, ioctl(null, KVM_CREATE_VCPU, 0));
	CHECK(ioctl(one, KVM_CREATE_VCPU, 1 << 30) == -1);
	/* Two of one number, and each is itself. */
	int a = new_running_vm(), b = new_running_vm(), in_a = new_vcpu(a, 0), in_b = new_vcpu(b, 0);
	run(in_b, 30);
	get_data(in_a, &data);
	for (int i = moved = 0; i < n; i++)
		moved += data.values[i];
	get_data(in_b, &data);
	for (int i = still = 0; i < n; i++)
		still += data.values[i];
	CHECK(still > moved);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", in_a);
	FAILS(ENXIO, open(link, O_RDWR));
	/* Many that come and go. */
	for (int i = 0; i < 100; i++) {
		int vm = new_vm(), in = new_vcpu(vm, 0);

		CHECK(count_of(in) == n);
		close(vm);
		close(in);
	}
}

static int passed_fd(int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	*cmsg = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	CHECK(sendmsg(pair[0], &msg, 0) == 1);
	CHECK(recvmsg(pair[1], &msg, MSG_CMSG_CLOEXEC) == 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	close(pair[0]);
	close(pair[1]);
	return fd;
}

static void *own_table(void *arg)
{
	int vm = *(int *)arg;

	CHECK(unshare(CLONE_FILES) == 0);
	CHECK(dup2(vm, 700) == 700);
	count_of(700);
	return NULL;
}

static int status_of(pid_t pid)
{
	int status;

	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

/* The kernel answers whoever has the VM's memory. */
static void processes(void)
{
	struct data data = { .size = sizeof(data.values) };
	int vm = new_vm(), vcpu = new_vcpu(vm, 0);
	pthread_t thread;
	char numbers[3][16];
	pid_t pid;

	count_of(passed_fd(vm));
	count_of(passed_fd(vcpu));
	CHECK(pthread_create(&thread, NULL, own_table, &vm) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	FAILS(EBADF, ioctl(700, KVM_STATS_GET_INFO, &data));

	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		FAILS(EIO, ioctl(vm, KVM_STATS_GET_INFO, &data));
		FAILS(EIO, ioctl(vcpu, KVM_STATS_GET_DATA, NULL));
		FAILS(EIO, ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM));
		FAILS(EIO, ioctl(passed_fd(vm), KVM_STATS_GET_NAMES, &data));
		CHECK(ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM) == 1);
		/* Its own it may have. */
		count_of(new_vcpu(new_vm(), 0));
		_exit(0);
	}
	CHECK(status_of(pid) == 0);
	pid = vfork();
	if (pid == 0)
		_exit(ioctl(vm, KVM_STATS_GET_INFO, &data) || ioctl(vcpu, KVM_STATS_GET_INFO, &data));
	CHECK(status_of(pid) == 0);

	/* The same process, with other memory. */
	int fds[] = { kvm, vm, vcpu };
	for (int i = 0; i < 3; i++) {
		fcntl(fds[i], F_SETFD, 0);
		snprintf(numbers[i], sizeof(numbers[i]), "%d", fds[i]);
	}
	execl("/proc/self/exe", "exec-client", "executed", numbers[0], numbers[1], numbers[2], NULL);
	CHECK(!"execl");
}

static void executed(char **numbers)
{
	struct data data = { .size = sizeof(data.values) };
	int vm = atoi(numbers[1]), vcpu = atoi(numbers[2]);

	kvm = atoi(numbers[0]);
	FAILS(EIO, ioctl(vm, KVM_STATS_GET_INFO, &data));
	FAILS(EIO, ioctl(vcpu, KVM_STATS_GET_INFO, &data));
	FAILS(EIO, ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM));
	CHECK(ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_STATS_BINARY_FORM) == 1);
	count_of(new_vm());
}

#define POLLERS 8
#define CALLS 100000
static int objects[3];
static int exits_at[3];
static volatile int done;

static void *runs(void *vcpu)
{
	while (!done)
		run(*(int *)vcpu, 1);
	return NULL;
}

static void *polls(void *arg)
{
	unsigned seed = (uintptr_t)arg;
	uint64_t last[3] = { 0 };
	struct data data;

	for (int i = 0; i < CALLS / POLLERS; i++) {
		int which = rand_r(&seed) % 3;

		get_data(objects[which], &data);
		/* Counters that only grow, and a sum that is not less than what it is the sum of. */
		CHECK(data.values[exits_at[which]] >= last[which]);
		last[which] = data.values[exits_at[which]];
		CHECK(which > 0 || last[0] >= last[1] || last[0] >= last[2]);
	}
	CHECK(last[0] > 0 && last[1] > 0);
	return NULL;
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void threads(void)
{
	pthread_t pollers[POLLERS], runners[2];
	struct names names = { .size = sizeof(names.names) };
	int vm = new_running_vm(), before;

	objects[0] = vm;
	objects[1] = new_vcpu(vm, 0);
	objects[2] = new_vcpu(vm, 1);
	for (int i = 0; i < 3; i++) {
		CHECK(ioctl(objects[i], KVM_STATS_GET_NAMES, &names) == 0);
		while (strcmp(names.names[exits_at[i]], "exits") != 0)
			exits_at[i]++;
	}
	before = open_fds();
	for (int i = 0; i < 2; i++)
		CHECK(pthread_create(&runners[i], NULL, runs, &objects[1 + i]) == 0);
	for (long i = 0; i < POLLERS; i++)
		CHECK(pthread_create(&pollers[i], NULL, polls, (void *)(i + 1)) == 0);
	for (int i = 0; i < POLLERS; i++)
		CHECK(pthread_join(pollers[i], NULL) == 0);
	done = 1;
	for (int i = 0; i < 2; i++)
		CHECK(pthread_join(runners[i], NULL) == 0);
	CHECK(open_fds() == before);
	FAILS(ECHILD, waitpid(-1, NULL, 0));
}

static volatile int alarms;

static void on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

/* A signal a millisecond, in calls and in creations. */
static void signals(void)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	static struct data data;
	int vm, vcpu;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 30; i++) {
		do
			vm = ioctl(kvm, KVM_CREATE_VM, 0);
		while (vm < 0 && errno == EINTR); /* The kernel's own, when it is interrupted. */
		CHECK(vm >= 0);
		vcpu = new_vcpu(vm, 0);
		for (int k = 0; k < 100; k++)
			get_data(vcpu, &data);
		get_data(vm, &data);
		close(vcpu);
		close(vm);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	CHECK(alarms > 10);
}

/* A VMM that is to be killed when it makes an ioctl that it never makes: KVM_GET_STATS_FD. */
static void filtered(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KVM_GET_STATS_FD, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
	int vm = new_vm(), vcpu = new_vcpu(vm, 0);
	CHECK(count_of(vm) > count_of(vcpu));
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		ioctl(vm, KVM_GET_STATS_FD, 0);
		_exit(0);
	}
	int status = status_of(pid); /* It counts again, for the one as for the other. */
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static long on_stack(void *stack, long number, long a, long b, long c)
{
	long result;

	asm volatile("mov %%rsp, %%rbx; mov %[stack], %%rsp; syscall; mov %%rbx, %%rsp"
		     : "=a"(result)
		     : "a"(number), "D"(a), "S"(b), "d"(c), [stack] "r"(stack)
		     : "rcx", "r11", "rbx", "memory");
	return result;
}

/* Stacks of a few hundred bytes among other data, as Go has them. */
static void *small_among(void *memory)
{
	enum { AROUND = 65536, SMALL = 512 };
	uint8_t *around = memory;
	void *stack = around + AROUND + SMALL;

	memset(around, 0x5a, 2 * AROUND + SMALL);
	for (int i = 0; i < 3; i++) {
		int vm = on_stack(stack, SYS_ioctl, kvm, KVM_CREATE_VM, 0);
		CHECK(vm >= 0);
		int vcpu = on_stack(stack, SYS_ioctl, vm, KVM_CREATE_VCPU, 0);
		CHECK(vcpu >= 0);
		CHECK(count_of(vm) > count_of(vcpu));
	}
	for (int i = 0; i < 2 * AROUND + SMALL; i++)
		CHECK(around[i] == 0x5a);
	return NULL;
}

static void small(void)
{
	char *guarded = mmap(NULL, 66 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;

	small_among(malloc(1 << 18));
	/* What is below is not to be touched, as below a stack: so are the C library's heaps. */
	CHECK(mprotect(guarded + 4096, 64 * 4096, PROT_READ | PROT_WRITE) == 0);
	small_among(guarded + 4096);
	CHECK(pthread_create(&thread, NULL, small_among, guarded + 4096) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
}

static void *alone(void *first)
{
	CHECK(pthread_join(*(pthread_t *)first, NULL) == 0);
	int vm = new_vm(), vcpu = new_vcpu(vm, 0);
	CHECK(count_of(vm) > count_of(vcpu));
	sleep(2); /* Longer than it takes to be missed. */
	count_of(vcpu);
	exit(0);
}

/* The first thread ends, and the program goes on without. */
static void orphan(void)
{
	static pthread_t thread, self;

	self = pthread_self();
	CHECK(pthread_create(&thread, NULL, alone, &self) == 0);
	pthread_exit(NULL);
}

/* More than can be answered for, where descriptors are few. */
static void many(void)
{
	struct data data = { .size = sizeof(data.values) };
	int vm = new_vm(), last = vm;

	for (int i = 0; i < 50; i++)
		CHECK((last = ioctl(kvm, KVM_CREATE_VM, 0)) >= 0);
	FAILS(ENOTTY, ioctl(last, KVM_STATS_GET_INFO, &data));
	sleep(2);
	get_data(vm, &data);
}

/* What is not to be looked at any more by those without privileges, as a program can decide. */
static void secret(void)
{
	struct data data = { .size = sizeof(data.values) };
	int vm = new_vm();

	count_of(vm);
	CHECK(prctl(PR_SET_DUMPABLE, 0) == 0);
	sleep(2);
	FAILS(ENOTTY, ioctl(vm, KVM_STATS_GET_INFO, &data));
	CHECK(ioctl(vm, KVM_CREATE_VCPU, 0) >= 0);
	CHECK(ioctl(kvm, KVM_CREATE_VM, 0) >= 0);
}

/* Says what it has, and goes on when it is told to. */
static void tell(const char *what)
{
	puts(what);
	fflush(stdout);
	CHECK(getchar() == '\n');
}

static void lifetime(void)
{
	int vm = new_vm(), vcpu = new_vcpu(vm, 0);

	count_of(vcpu);
	tell("has both");
	close(vm);
	tell("has a vCPU");
	count_of(vcpu);
	close(vcpu);
	tell("has none");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} scenarios[] = {
		{ "capability", capability }, { "values", values },   { "memory", memory },
		{ "requests", requests },     { "descriptors", descriptors },
		{ "processes", processes },   { "threads", threads }, { "signals", signals },
		{ "filtered", filtered },     { "small", small },     { "orphan", orphan },
		{ "secret", secret },         { "many", many },
		{ "lifetime", lifetime },
	};

	if (argc == 5 && strcmp(argv[1], "executed") == 0) {
		executed(argv + 2);
		return 0;
	}
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	CHECK(kvm >= 0);
	for (size_t i = 0; argc > 1 && i < sizeof(scenarios) / sizeof(*scenarios); i++) {
		if (strcmp(argv[1], scenarios[i].name) == 0) {
			scenarios[i].run();
			return 0;
		}
	}
	fprintf(stderr, "usage: exec-client SCENARIO\n");
	return 2;
}
