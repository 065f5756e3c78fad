/*
 * What "kvmstats exec" costs a program: its system calls that are not stopped, beside those under
 * the same seccomp filter put there by C (the limit of the ratio is 1.1), and KVM_STATS_GET_DATA,
 * which is, beside a bare seccomp notification. The VM has 64 vCPUs, asked one after another.
 *
 *   exec ROUNDS KVMSTATS
 *
 * It starts itself three times: under "KVMSTATS exec", under a launcher in C, and as it is. The
 * three make their calls in turn, each when it is told to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "kvm_stats_binary_form.h"

#define ROUNDS_MAX 10000
#define VCPUS 64
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Since Linux 6.6, which the headers may be older than. */
#define NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define NOTIF_FD_SYNC_WAKE_UP 1UL

static void fail(const char *what)
{
	fprintf(stderr, "benchmark exec: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int check(int result, const char *what)
{
	if (result < 0)
		fail(what);
	return result;
}

/* The program that is measured. */

static int memfd, null, vcpus[VCPUS];
static char bytes[640];
static union {
	struct kvm_stats_data head;
	uint64_t words[512];
} stats;

static void call_getppid(void)
{
	getppid();
}

static void call_pread(void)
{
	if (pread(memfd, bytes, sizeof(bytes), 0) != sizeof(bytes))
		fail("pread");
}

static void call_ioctl(void)
{
	struct termios unused;

	if (ioctl(null, TCGETS, &unused) != -1 || errno != ENOTTY)
		fail("TCGETS of /dev/null");
}

static void call_data(void)
{
	static int next;

	check(ioctl(vcpus[next], KVM_STATS_GET_DATA, &stats), "KVM_STATS_GET_DATA");
	next = (next + 1) % VCPUS;
}

enum { DATA = 3, CALLS };

static const struct {
	const char *what;
	void (*call)(void);
	int warm_up;
	int per_round;
} calls[CALLS] = {
	{ "getppid", call_getppid, 100000, 1000 },
	{ "pread of 640 bytes", call_pread, 100000, 1000 },
	{ "ioctl of another device", call_ioctl, 100000, 1000 },
	[DATA] = { "KVM_STATS_GET_DATA on a vCPU of 64", call_data, 100 * VCPUS, VCPUS },
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static double ns_each(int call, int times)
{
	double start = now_ns();

	for (int i = 0; i < times; i++)
		calls[call].call();
	return (now_ns() - start) / times;
}

/*
 * Reads which call to make, and prints how long it took. GET_DATA is "served", or "answered" with
 * no data, or there is "no" such call.
 */
static int measure(const char *get_data)
{
	int kvm = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	int vm = check(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	int has_data = strcmp(get_data, "no") != 0;
	char line[16];

	for (int i = 0; i < VCPUS; i++)
		vcpus[i] = check(ioctl(vm, KVM_CREATE_VCPU, i), "KVM_CREATE_VCPU");
	null = check(open("/dev/null", O_RDWR), "/dev/null");
	memfd = check(memfd_create("bench", MFD_CLOEXEC), "memfd_create");
	check(ftruncate(memfd, 4096), "ftruncate");
	memset(&stats, 0xff, sizeof(stats));
	stats.head.size = sizeof(stats) - sizeof(stats.head);
	for (int i = 0; i < CALLS; i++)
		if (i != DATA || has_data)
			ns_each(i, calls[i].warm_up);
	if ((stats.words[1] != UINT64_MAX) != (strcmp(get_data, "served") == 0)) {
		fprintf(stderr, "benchmark exec: GET_DATA was not %s\n", get_data);
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		int call = atoi(line);
		int times = calls[call].per_round;

		ns_each(call, times / 10);	/* Others had the processor before. */
		printf("%.2f\n", ns_each(call, times));
		fflush(stdout);
	}
	return 0;
}

/* The launcher. */

/* As SeccompFilter.java makes it, of what Supervisor.java gives it. */
static int install_filter(void)
{
#define ARG(n) (offsetof(struct seccomp_data, args) + (n) * 8)
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define JUMP(value, if_equal, if_not) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, if_equal, if_not)
	struct sock_filter code[] = {
		LOAD(offsetof(struct seccomp_data, arch)),
		JUMP(AUDIT_ARCH_X86_64, 0, 13),
		LOAD(offsetof(struct seccomp_data, nr)),
		JUMP(SYS_ioctl, 0, 11),
		LOAD(ARG(1)),
		JUMP(KVM_CREATE_VM, 10, 0),
		JUMP(KVM_CREATE_VCPU, 9, 0),
		JUMP(KVM_STATS_GET_INFO, 8, 0),
		JUMP(KVM_STATS_GET_NAMES, 7, 0),
		JUMP(KVM_STATS_GET_DATA, 6, 0),
		JUMP(KVM_CHECK_EXTENSION, 0, 4),
		LOAD(ARG(2)),
		JUMP(KVM_CAP_STATS_BINARY_FORM, 0, 2),
		LOAD(ARG(2) + 4),
		JUMP(0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };
	unsigned int flags =
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	int fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);

	if (fd < 0 && errno == EACCES) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	}
	return check(fd, "seccomp");
}

/* Receives and answers, and nothing else; what creates VMs and vCPUs passes. */
static void supervise(int listener)
{
	struct seccomp_notif call;
	struct seccomp_notif_resp answer;

	ioctl(listener, NOTIF_SET_FLAGS, NOTIF_FD_SYNC_WAKE_UP);	/* As exec does. */
	while (1) {
		memset(&call, 0, sizeof(call));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
			continue;	/* It is killed when the program ends. */
		memset(&answer, 0, sizeof(answer));
		answer.id = call.id;
		if (call.data.args[1] != KVM_STATS_GET_DATA)
			answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

static int launch(char **program)
{
	int listener, ends[2];

	check(pipe2(ends, O_CLOEXEC), "pipe2");
	/* Without the filter, and with our descriptors, for as long as we are what we are. */
	if (check(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0), "clone") == 0) {
		check(prctl(PR_SET_PDEATHSIG, SIGKILL), "PR_SET_PDEATHSIG");
		if (read(ends[0], &listener, sizeof(listener)) != sizeof(listener))
			return 1;
		check(unshare(CLONE_FILES), "unshare");
		close(0);
		close(1);
		supervise(listener);
	}
	listener = install_filter();
	if (write(ends[1], &listener, sizeof(listener)) != sizeof(listener))
		fail("write");
	execvp(program[0], program);
	fail(program[0]);
	return 1;
}

/* The one that has them run in turn. */

enum { EXEC, C, PLAIN, VARIANTS };

static struct {
	pid_t pid;
	FILE *to;
	FILE *from;
	double ns[CALLS][ROUNDS_MAX];
} variants[VARIANTS];

static void start(int variant, char **argv)
{
	int in[2], out[2];

	check(pipe2(in, O_CLOEXEC), "pipe2");
	check(pipe2(out, O_CLOEXEC), "pipe2");
	variants[variant].pid = check(fork(), "fork");
	if (variants[variant].pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execvp(argv[0], argv);
		fail(argv[0]);
	}
	close(in[0]);
	close(out[1]);
	variants[variant].to = fdopen(in[1], "w");
	variants[variant].from = fdopen(out[0], "r");
}

static double time_of(int variant, int call)
{
	char line[32];

	fprintf(variants[variant].to, "%d\n", call);
	fflush(variants[variant].to);
	if (!fgets(line, sizeof(line), variants[variant].from)) {
		fprintf(stderr, "benchmark exec: the program that is measured ended too early\n");
		exit(1);
	}
	return atof(line);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *values, int n)
{
	static double sorted[ROUNDS_MAX];

	memcpy(sorted, values, n * sizeof(*values));
	qsort(sorted, n, sizeof(*sorted), ascending);
	return sorted[n / 2];
}

static double ratio(int variant, int other, int call, int rounds)
{
	static double ratios[ROUNDS_MAX];

	for (int i = 0; i < rounds; i++)
		ratios[i] = variants[variant].ns[call][i] / variants[other].ns[call][i];
	return median(ratios, rounds);
}

static void print(int call, int other, const char *besides, int rounds)
{
	printf("%s: %.0f ns; %s: %.0f ns (medians); ratio: %.3f (median of rounds)\n",
	       calls[call].what, median(variants[EXEC].ns[call], rounds), besides,
	       median(variants[other].ns[call], rounds), ratio(EXEC, other, call, rounds));
}

static void compare(char *self, char *kvmstats, int rounds)
{
	int kvm = check(open("/dev/kvm", O_RDWR), "KVM is needed: /dev/kvm");

	close(kvm);
	signal(SIGPIPE, SIG_IGN);	/* The end of what is read says the same. */
	start(EXEC, (char *[]){ kvmstats, "exec", "--", self, "measure", "served", NULL });
	start(C, (char *[]){ self, "launch", self, "measure", "answered", NULL });
	start(PLAIN, (char *[]){ self, "measure", "no", NULL });
	for (int variant = 0; variant < VARIANTS; variant++)
		time_of(variant, 0);	/* All have started. */
	for (int round = 0; round < rounds; round++) {
		for (int call = 0; call < CALLS; call++) {
			/* In another order each round: whoever comes first has no advantage. */
			for (int i = 0; i < VARIANTS; i++) {
				int variant = (round + i) % VARIANTS;

				if (call != DATA || variant != PLAIN)
					variants[variant].ns[call][round] = time_of(variant, call);
			}
		}
	}
	for (int variant = 0; variant < VARIANTS; variant++) {
		fclose(variants[variant].to);
		waitpid(variants[variant].pid, NULL, 0);
	}
	printf("rounds: %d, in turn; times are this machine's, in this run\n", rounds);
	for (int call = 0; call < DATA; call++) {
		print(call, C, "the same filter by C", rounds);
		print(call, PLAIN, "no filter", rounds);
	}
	print(DATA, C, "a notification that C answers", rounds);
}

int main(int argc, char **argv)
{
	int rounds = argc == 3 ? atoi(argv[1]) : 0;

	if (argc > 2 && strcmp(argv[1], "launch") == 0)
		return launch(argv + 2);
	if (argc == 3 && strcmp(argv[1], "measure") == 0)
		return measure(argv[2]);
	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: exec ROUNDS KVMSTATS\n");
		return 2;
	}
	compare(argv[0], argv[2], rounds);
	return 0;
}
