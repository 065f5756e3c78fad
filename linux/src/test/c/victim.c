// SPDX-License-Identifier: Apache-2.0
/*
 * A process that notices when anything of it was changed (TraceeTest): it makes one system call, or
 * none, with every register filled, again and again, and compares all of them afterwards, and its
 * signal mask and alternate stack. Ends when its standard input does: with 0, or with 1 and what was
 * changed on standard error.
 *
 * victim ppoll|sleep|read|spin|create, and with "small" behind it on a stack of a few hundred bytes
 * among other data. "create" creates VMs and vCPUs, or finds that nobody is there to let it.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { RAX, RDI, RSI, RDX, R10, R8, R9, RBX, RBP, R12, R13, R14, R15, COUNT };

/* Fills the registers from regs and ymm, makes the system call (or, for rax -1, turns round for some
 * time), and puts back what they hold then. On the stack that ends at stack, if that is not null. */
void filled(uint64_t regs[COUNT], uint8_t ymm[16][32], void *stack);

asm(".text\n"
    ".globl filled\n"
    "filled:\n"
    "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "  mov %rsp, %rax\n"
    "  test %rdx, %rdx\n"
    "  cmovnz %rdx, %rsp\n"
    "  push %rax; push %rsi; push %rdi\n"
    "  vmovdqu 0(%rsi), %ymm0;    vmovdqu 32(%rsi), %ymm1;   vmovdqu 64(%rsi), %ymm2\n"
    "  vmovdqu 96(%rsi), %ymm3;   vmovdqu 128(%rsi), %ymm4;  vmovdqu 160(%rsi), %ymm5\n"
    "  vmovdqu 192(%rsi), %ymm6;  vmovdqu 224(%rsi), %ymm7;  vmovdqu 256(%rsi), %ymm8\n"
    "  vmovdqu 288(%rsi), %ymm9;  vmovdqu 320(%rsi), %ymm10; vmovdqu 352(%rsi), %ymm11\n"
    "  vmovdqu 384(%rsi), %ymm12; vmovdqu 416(%rsi), %ymm13; vmovdqu 448(%rsi), %ymm14\n"
    "  vmovdqu 480(%rsi), %ymm15\n"
    "  mov 0(%rdi), %rax;  mov 16(%rdi), %rsi; mov 24(%rdi), %rdx; mov 32(%rdi), %r10\n"
    "  mov 40(%rdi), %r8;  mov 48(%rdi), %r9;  mov 56(%rdi), %rbx; mov 64(%rdi), %rbp\n"
    "  mov 72(%rdi), %r12; mov 80(%rdi), %r13; mov 88(%rdi), %r14; mov 96(%rdi), %r15\n"
    "  mov 8(%rdi), %rdi\n"
    "  cmp $-1, %rax\n"
    "  je 1f\n"
    "  syscall\n"
    "  jmp 3f\n"
    "1: mov $100000000, %rcx\n"
    "2: dec %rcx\n"
    "  jnz 2b\n"
    "3: push %rdi\n"
    "  mov 8(%rsp), %rdi\n"
    "  mov %rax, 0(%rdi);  mov %rsi, 16(%rdi); mov %rdx, 24(%rdi); mov %r10, 32(%rdi)\n"
    "  mov %r8, 40(%rdi);  mov %r9, 48(%rdi);  mov %rbx, 56(%rdi); mov %rbp, 64(%rdi)\n"
    "  mov %r12, 72(%rdi); mov %r13, 80(%rdi); mov %r14, 88(%rdi); mov %r15, 96(%rdi)\n"
    "  pop %rax\n"
    "  mov %rax, 8(%rdi)\n"
    "  pop %rdi; pop %rsi; pop %rax\n"
    "  vmovdqu %ymm0, 0(%rsi);    vmovdqu %ymm1, 32(%rsi);   vmovdqu %ymm2, 64(%rsi)\n"
    "  vmovdqu %ymm3, 96(%rsi);   vmovdqu %ymm4, 128(%rsi);  vmovdqu %ymm5, 160(%rsi)\n"
    "  vmovdqu %ymm6, 192(%rsi);  vmovdqu %ymm7, 224(%rsi);  vmovdqu %ymm8, 256(%rsi)\n"
    "  vmovdqu %ymm9, 288(%rsi);  vmovdqu %ymm10, 320(%rsi); vmovdqu %ymm11, 352(%rsi)\n"
    "  vmovdqu %ymm12, 384(%rsi); vmovdqu %ymm13, 416(%rsi); vmovdqu %ymm14, 448(%rsi)\n"
    "  vmovdqu %ymm15, 480(%rsi)\n"
    "  mov %rax, %rsp\n"
    "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "  ret\n");

/* A small stack, with data of ours before and behind it: larger than any signal frame. */
#define AROUND 65536
#define SMALL 512
static uint8_t *around;

static void unchanged(int holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "victim: changed: %s\n", what);
		exit(1);
	}
}

static void around_is_unchanged(void)
{
	for (int i = 0; i < 2 * AROUND + SMALL; i++)
		if (i < AROUND || i >= AROUND + SMALL)
			unchanged(around[i] == 0x5a, "data beside a small stack");
}

static int64_t call(int64_t number, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, void *stack)
{
	uint64_t regs[COUNT] = { number, a, b, c, d, e, 0x9999, 0xb0, 0xb1, 0x12, 0x13, 0x14, 0x15 };
	uint64_t before[COUNT];
	uint8_t ymm[16][32], ymm_before[16][32];

	for (int i = 0; i < 16; i++)
		memset(ymm[i], 0xa0 + i, 32);
	memcpy(before, regs, sizeof(regs));
	memcpy(ymm_before, ymm, sizeof(ymm));
	filled(regs, ymm, stack);
	unchanged(memcmp(before + 1, regs + 1, sizeof(regs) - 8) == 0, "registers");
	unchanged(memcmp(ymm_before, ymm, sizeof(ymm)) == 0, "vector registers");
	return regs[RAX];
}

/* When the supervisor of "kvmstats exec" has gone: ENOSYS. */
static void create(void *stack)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int64_t vm = call(SYS_ioctl, kvm, KVM_CREATE_VM, 0, 4, 5, stack);

	unchanged(vm >= 0 || vm == -38, "a result of KVM_CREATE_VM");
	if (vm >= 0) {
		int64_t vcpu = call(SYS_ioctl, vm, KVM_CREATE_VCPU, 0, 4, 5, stack);

		unchanged(vcpu >= 0 || vcpu == -38, "a result of KVM_CREATE_VCPU");
		if (vcpu >= 0)
			close(vcpu);
		close(vm);
	}
	close(kvm);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	struct pollfd input = { .fd = 0, .events = POLLIN };
	stack_t alternate = { .ss_sp = malloc(SIGSTKSZ), .ss_size = SIGSTKSZ }, alternate_now;
	sigset_t mask, mask_now;
	void *stack = NULL;

	around = mmap(NULL, 2 * AROUND + SMALL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	memset(around, 0x5a, 2 * AROUND + SMALL);
	if (argc > 2)
		stack = around + AROUND + SMALL;
	sigaltstack(&alternate, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	puts("ready");
	fflush(stdout);
	for (int done = 0; !done;) {
		struct timespec second = { .tv_nsec = 300 * 1000 * 1000 };
		int64_t result;
		char byte;

		if (strcmp(mode, "ppoll") == 0) {
			result = call(SYS_ppoll, (long)&input, 1, 0, 0, 8, stack);
			unchanged(result == 1, "a result of ppoll");
		} else if (strcmp(mode, "sleep") == 0) {
			result = call(SYS_nanosleep, (long)&second, (long)&second, 0, 0, 0, stack);
			/* EINTR: the kernel can't restart it behind a signal. */
			unchanged(result == 0 || result == -4, "a result of nanosleep");
		} else if (strcmp(mode, "read") == 0) {
			result = call(SYS_read, 0, (long)&byte, 1, 0, 0, stack);
			unchanged(result == 0, "a result of read");
		} else if (strcmp(mode, "create") == 0) {
			create(stack);
		} else {
			result = call(-1, 1, 2, 3, 4, 5, stack);
			unchanged(result == -1, "the register of results");
		}
		sigprocmask(SIG_SETMASK, NULL, &mask_now);
		unchanged(sigismember(&mask_now, SIGUSR1) && !sigismember(&mask_now, SIGUSR2),
			  "the signal mask");
		sigaltstack(NULL, &alternate_now);
		unchanged(alternate_now.ss_sp == alternate.ss_sp && alternate_now.ss_flags == 0,
			  "the alternate stack");
		done = poll(&input, 1, 0) == 1;
	}
	around_is_unchanged();
	return 0;
}
