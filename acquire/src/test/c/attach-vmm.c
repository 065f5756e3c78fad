/*
 * A VMM that keeps no stats fd open, and names no thread. "attach-vmm KIND [VMS]", where KIND is
 *   busy      vCPU 0 never leaves the guest, vCPU 1 waits in the kernel to be started
 *   filtered  the same, under a filter that kills it for KVM_GET_STATS_FD
 *   idle      nothing runs; with each line of its standard input it makes its only VM anew
 *   waits     as busy, but vCPU 0's thread has a name, and runs it only after a line of standard
 *             input and half a second in which it can't be interrupted
 * It ends, with 0, with its standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int kvm;
static int waits;
static int go[2];

static long check(long result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
	return result;
}

static void filter(void)
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

	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
	check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "PR_SET_SECCOMP");
}

static void *run(void *vcpu)
{
	/* An interruption is nothing special to a VMM: it goes in again. */
	while (ioctl((int)(intptr_t)vcpu, KVM_RUN, 0) == 0 || errno == EINTR)
		;
	perror("KVM_RUN");
	exit(1);
}

static void *run_later(void *vcpu)
{
	char line;

	check(prctl(PR_SET_NAME, "CPU 0/KVM"), "PR_SET_NAME");
	check(read(go[0], &line, 1), "read");
	/* Until its child has ended, whoever calls vfork sleeps as for a disk. */
	if (check(vfork(), "vfork") == 0) {
		usleep(500000);
		_exit(0);
	}
	return run(vcpu);
}

static void start(int vcpu, void *(*runner)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, runner, (void *)(intptr_t)vcpu) != 0)
		check(-1, "pthread_create");
}

static int make(int runs)
{
	/* jmp to itself: 16-bit code at 0. */
	static const uint8_t code[] = { 0xeb, 0xfe };
	int vm = check(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {
		.memory_size = 4096, .userspace_addr = (uintptr_t)memory,
	};
	struct kvm_sregs sregs;
	struct kvm_regs regs = { .rflags = 2 };

	memcpy(memory, code, sizeof(code));
	check(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	check(ioctl(vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
	for (int i = 0; i < 2; i++) {
		int vcpu = check(ioctl(vm, KVM_CREATE_VCPU, i), "KVM_CREATE_VCPU");

		if (i == 0) {
			check(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
			sregs.cs.base = 0;
			sregs.cs.selector = 0;
			check(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
			check(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
		}
		if (runs)
			start(vcpu, waits && i == 0 ? run_later : run);
	}
	return vm;
}

int main(int argc, char **argv)
{
	int runs = argc > 1 && strcmp(argv[1], "idle") != 0;
	int vms = argc > 2 ? atoi(argv[2]) : 1;
	int vm = -1, c;

	if (argc > 1 && strcmp(argv[1], "filtered") == 0)
		filter();
	if (argc > 1 && strcmp(argv[1], "waits") == 0) {
		waits = 1;
		check(pipe(go), "pipe");
	}
	kvm = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	for (int i = 0; i < vms; i++)
		vm = make(runs);
	puts("ready");
	fflush(stdout);
	while ((c = getchar()) != EOF) {
		if (waits && c == '\n')
			check(write(go[1], "", 1), "write");
		if (!runs && c == '\n') {
			int old = vm;

			for (int fd = vm; fd < vm + 8; fd++)
				close(fd);
			vm = make(0);
			printf("%s\n", vm == old ? "again" : "elsewhere");
			fflush(stdout);
		}
	}
	return 0;
}
