// SPDX-License-Identifier: Apache-2.0
/*
 * Prints, as "CLASS.NAME VALUE" lines, what this system's headers say about every number that the
 * Java code states of them (KvmAbiTest). A value of "?" could not be found out on this machine.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/kvm.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define PRINT(name, value) printf("%s %lld\n", name, (long long)(value))
/* An ioctl number is an int in Java: the same 32 bits. */
#define IOCTL(name, value) PRINT(name, (int)(value))

static void errnos(void)
{
	int i;

	PRINT("Errno.EPERM", EPERM);
	PRINT("Errno.ENOENT", ENOENT);
	PRINT("Errno.ESRCH", ESRCH);
	PRINT("Errno.EINTR", EINTR);
	PRINT("Errno.EIO", EIO);
	PRINT("Errno.ENXIO", ENXIO);
	PRINT("Errno.EBADF", EBADF);
	PRINT("Errno.EAGAIN", EAGAIN);
	PRINT("Errno.EACCES", EACCES);
	PRINT("Errno.EFAULT", EFAULT);
	PRINT("Errno.EBUSY", EBUSY);
	PRINT("Errno.ENODEV", ENODEV);
	PRINT("Errno.EINVAL", EINVAL);
	PRINT("Errno.EMFILE", EMFILE);
	PRINT("Errno.ENOTTY", ENOTTY);
	PRINT("Errno.ENOSYS", ENOSYS);
	PRINT("Errno.EPROTO", EPROTO);
	PRINT("Errno.ENOPROTOOPT", ENOPROTOOPT);
	PRINT("Errno.EADDRINUSE", EADDRINUSE);
	PRINT("Errno.ECONNABORTED", ECONNABORTED);
	PRINT("Errno.ETIMEDOUT", ETIMEDOUT);
	PRINT("Errno.ECONNREFUSED", ECONNREFUSED);
	/* The kernel's numbers end well below; Linux allows up to 4095. */
	for (i = 1; i <= 200; i++) {
		const char *name = strerrorname_np(i);

		if (name)
			printf("errno.%d %s %s\n", i, name, strerrordesc_np(i));
	}
}

static void calls(void)
{
	PRINT("Fd.O_RDONLY", O_RDONLY);
	PRINT("Fd.O_RDWR", O_RDWR);
	PRINT("Fd.O_CLOEXEC", O_CLOEXEC);
	PRINT("Fd.F_DUPFD_CLOEXEC", F_DUPFD_CLOEXEC);
	PRINT("Fd.POLLIN", POLLIN);
	PRINT("Fd.POLLFD_BYTES", sizeof(struct pollfd));
	PRINT("Fd.POLLFD_EVENTS", offsetof(struct pollfd, events));
	PRINT("Fd.POLLFD_REVENTS", offsetof(struct pollfd, revents));

	PRINT("Mapping.PROT_READ", PROT_READ);
	PRINT("Mapping.PROT_READ_WRITE", PROT_READ | PROT_WRITE);
	PRINT("Mapping.MAP_SHARED", MAP_SHARED);
	PRINT("Mapping.MAP_PRIVATE", MAP_PRIVATE);
	PRINT("Mapping.MAP_FIXED", MAP_FIXED);
	PRINT("Mapping.MAP_NOTHING", MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE);
	PRINT("Mapping.MAP_ANONYMOUS", MAP_ANONYMOUS);
	PRINT("Mapping.MAP_NORESERVE", MAP_NORESERVE);

	PRINT("Memfd.MFD_CLOEXEC", MFD_CLOEXEC);
	PRINT("Memfd.MFD_ALLOW_SEALING", MFD_ALLOW_SEALING);
	PRINT("Memfd.F_ADD_SEALS", F_ADD_SEALS);
	PRINT("Memfd.F_GET_SEALS", F_GET_SEALS);
	PRINT("Memfd.F_SEAL_SEAL", F_SEAL_SEAL);
	PRINT("Memfd.F_SEAL_SHRINK", F_SEAL_SHRINK);
	PRINT("Memfd.F_SEAL_GROW", F_SEAL_GROW);
	PRINT("Memfd.F_SEAL_WRITE", F_SEAL_WRITE);
	PRINT("Memfd.F_SEAL_FUTURE_WRITE", F_SEAL_FUTURE_WRITE);

	PRINT("Pidfd.SYS_PIDFD_OPEN", SYS_pidfd_open);
	PRINT("Pidfd.SYS_PIDFD_GETFD", SYS_pidfd_getfd);
	PRINT("Pidfd.PIDFD_THREAD", O_EXCL);

	PRINT("Kcmp.KCMP_FILE", KCMP_FILE);
	PRINT("Kcmp.KCMP_VM", KCMP_VM);
	PRINT("Kcmp.KCMP_FILES", KCMP_FILES);
	PRINT("Kcmp.number()", SYS_kcmp);
}

#ifndef SO_PEERPIDFD /* Linux 6.5 */
#define SO_PEERPIDFD 77
#endif

static void sockets(void)
{
	PRINT("PacketSocket.FDS_MAX", 253); /* SCM_MAX_FD, which no header of user space has */
	PRINT("PacketSocket.AF_UNIX", AF_UNIX);
	PRINT("PacketSocket.SOCK_SEQPACKET", SOCK_SEQPACKET);
	PRINT("PacketSocket.SOCK_NONBLOCK", SOCK_NONBLOCK);
	PRINT("PacketSocket.SOCK_CLOEXEC", SOCK_CLOEXEC);
	PRINT("PacketSocket.SOL_SOCKET", SOL_SOCKET);
	PRINT("PacketSocket.peerCredentials()", SO_PEERCRED);
	PRINT("PacketSocket.SO_PEERPIDFD", SO_PEERPIDFD);
	PRINT("PacketSocket.SCM_RIGHTS", SCM_RIGHTS);
	PRINT("PacketSocket.MSG_NOSIGNAL", MSG_NOSIGNAL);
	PRINT("PacketSocket.MSG_CMSG_CLOEXEC", MSG_CMSG_CLOEXEC);
	PRINT("PacketSocket.MSG_CTRUNC", MSG_CTRUNC);
	PRINT("PacketSocket.MSG_TRUNC", MSG_TRUNC);
	PRINT("PacketSocket.SOCKADDR_BYTES", sizeof(struct sockaddr_un));
	PRINT("PacketSocket.SOCKADDR_PATH", offsetof(struct sockaddr_un, sun_path));
	PRINT("PacketSocket.MSGHDR_BYTES", sizeof(struct msghdr));
	PRINT("PacketSocket.MSGHDR_IOV", offsetof(struct msghdr, msg_iov));
	PRINT("PacketSocket.MSGHDR_IOVLEN", offsetof(struct msghdr, msg_iovlen));
	PRINT("PacketSocket.MSGHDR_CONTROL", offsetof(struct msghdr, msg_control));
	PRINT("PacketSocket.MSGHDR_CONTROLLEN", offsetof(struct msghdr, msg_controllen));
	PRINT("PacketSocket.MSGHDR_FLAGS", offsetof(struct msghdr, msg_flags));
	PRINT("PacketSocket.IOVEC_BYTES", sizeof(struct iovec));
	PRINT("PacketSocket.CMSGHDR_BYTES", sizeof(struct cmsghdr));
	PRINT("PacketSocket.CMSGHDR_LEVEL", offsetof(struct cmsghdr, cmsg_level));
	PRINT("PacketSocket.CMSGHDR_TYPE", offsetof(struct cmsghdr, cmsg_type));
	PRINT("OpenFiles.RLIMIT_NOFILE", RLIMIT_NOFILE);
	PRINT("OpenFiles.RLIMIT_BYTES", sizeof(struct rlimit));
	PRINT("OpenFiles.RLIMIT_HARD", offsetof(struct rlimit, rlim_max));
	PRINT("Poll.IN", POLLIN);
	PRINT("Poll.OUT", POLLOUT);
}

static void stats(void)
{
	PRINT("StatsFileLayout.HEADER_BYTES", sizeof(struct kvm_stats_header));
	PRINT("StatsFileLayout.HEADER_FLAGS", offsetof(struct kvm_stats_header, flags));
	PRINT("StatsFileLayout.HEADER_NAME_SIZE", offsetof(struct kvm_stats_header, name_size));
	PRINT("StatsFileLayout.HEADER_NUM_DESC", offsetof(struct kvm_stats_header, num_desc));
	PRINT("StatsFileLayout.HEADER_ID_OFFSET", offsetof(struct kvm_stats_header, id_offset));
	PRINT("StatsFileLayout.HEADER_DESC_OFFSET", offsetof(struct kvm_stats_header, desc_offset));
	PRINT("StatsFileLayout.HEADER_DATA_OFFSET", offsetof(struct kvm_stats_header, data_offset));

	PRINT("StatsFileLayout.DESC_FLAGS", offsetof(struct kvm_stats_desc, flags));
	PRINT("StatsFileLayout.DESC_EXPONENT", offsetof(struct kvm_stats_desc, exponent));
	PRINT("StatsFileLayout.DESC_SIZE", offsetof(struct kvm_stats_desc, size));
	PRINT("StatsFileLayout.DESC_OFFSET", offsetof(struct kvm_stats_desc, offset));
	PRINT("StatsFileLayout.DESC_BUCKET_SIZE", offsetof(struct kvm_stats_desc, bucket_size));
	PRINT("StatsFileLayout.DESC_NAME", offsetof(struct kvm_stats_desc, name));

	PRINT("StatType.CUMULATIVE", KVM_STATS_TYPE_CUMULATIVE);
	PRINT("StatType.INSTANT", KVM_STATS_TYPE_INSTANT);
	PRINT("StatType.PEAK", KVM_STATS_TYPE_PEAK);
	PRINT("StatType.LINEAR_HISTOGRAM", KVM_STATS_TYPE_LINEAR_HIST);
	PRINT("StatType.LOG_HISTOGRAM", KVM_STATS_TYPE_LOG_HIST);
	PRINT("Unit.NONE", KVM_STATS_UNIT_NONE);
	PRINT("Unit.BYTES", KVM_STATS_UNIT_BYTES);
	PRINT("Unit.SECONDS", KVM_STATS_UNIT_SECONDS);
	PRINT("Unit.CYCLES", KVM_STATS_UNIT_CYCLES);
	PRINT("Unit.BOOLEAN", KVM_STATS_UNIT_BOOLEAN);
	PRINT("Base.POW10", KVM_STATS_BASE_POW10);
	PRINT("Base.POW2", KVM_STATS_BASE_POW2);
}

static void exits(void)
{
	PRINT("KvmExit.IO", KVM_EXIT_IO);
	PRINT("KvmExit.HLT", KVM_EXIT_HLT);
	PRINT("KvmExit.MMIO", KVM_EXIT_MMIO);
	PRINT("KvmExit.SHUTDOWN", KVM_EXIT_SHUTDOWN);
	PRINT("KvmExit.FAIL_ENTRY", KVM_EXIT_FAIL_ENTRY);
	PRINT("KvmExit.INTERRUPTED", KVM_EXIT_INTR);
	PRINT("KvmExit.INTERNAL_ERROR", KVM_EXIT_INTERNAL_ERROR);
}

#ifdef __x86_64__
#include <asm/processor-flags.h>
/* For its flags alone: its structure has the name of one of the C library's. */
#define __ASM_GENERIC_UCONTEXT_H
#include <asm/ucontext.h>
#include <elf.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

/* Not in a header of the C library: arch/x86/include/asm/sigframe.h. */
struct rt_sigframe {
	char *pretcode;
	struct {
		unsigned long flags, link;
		stack_t stack;
		mcontext_t mcontext;
		unsigned long mask;
	} uc;
	siginfo_t info;
};

static void registers(void)
{
#define REGISTER(name, field) \
	PRINT("Register." #name, offsetof(struct user_regs_struct, field) / sizeof(long))
	REGISTER(R15, r15);
	REGISTER(R14, r14);
	REGISTER(R13, r13);
	REGISTER(R12, r12);
	REGISTER(RBP, rbp);
	REGISTER(RBX, rbx);
	REGISTER(R11, r11);
	REGISTER(R10, r10);
	REGISTER(R9, r9);
	REGISTER(R8, r8);
	REGISTER(RAX, rax);
	REGISTER(RCX, rcx);
	REGISTER(RDX, rdx);
	REGISTER(RSI, rsi);
	REGISTER(RDI, rdi);
	REGISTER(ORIG_RAX, orig_rax);
	REGISTER(RIP, rip);
	REGISTER(CS, cs);
	REGISTER(EFLAGS, eflags);
	REGISTER(RSP, rsp);
	REGISTER(SS, ss);
	REGISTER(FS_BASE, fs_base);
	REGISTER(GS_BASE, gs_base);
	REGISTER(DS, ds);
	REGISTER(ES, es);
	REGISTER(FS, fs);
	REGISTER(GS, gs);
	PRINT("Register.BYTES", sizeof(struct user_regs_struct));
}

static void tracing(void)
{
	PRINT("Ptrace.POKETEXT", PTRACE_POKETEXT);
	PRINT("Ptrace.SYSCALL", PTRACE_SYSCALL);
	PRINT("Ptrace.GETREGS", PTRACE_GETREGS);
	PRINT("Ptrace.SETREGS", PTRACE_SETREGS);
	PRINT("Ptrace.DETACH", PTRACE_DETACH);
	PRINT("Ptrace.SETOPTIONS", PTRACE_SETOPTIONS);
	PRINT("Ptrace.GETREGSET", PTRACE_GETREGSET);
	PRINT("Ptrace.SEIZE", PTRACE_SEIZE);
	PRINT("Ptrace.INTERRUPT", PTRACE_INTERRUPT);
	PRINT("Ptrace.GETSIGMASK", PTRACE_GETSIGMASK);
	PRINT("Ptrace.SETSIGMASK", PTRACE_SETSIGMASK);
	PRINT("Ptrace.O_TRACESYSGOOD", PTRACE_O_TRACESYSGOOD);
	PRINT("Ptrace.O_SUSPEND_SECCOMP", PTRACE_O_SUSPEND_SECCOMP);
	PRINT("Ptrace.EVENT_STOP", PTRACE_EVENT_STOP);
	PRINT("Ptrace.NT_X86_XSTATE", NT_X86_XSTATE);
	PRINT("Ptrace.WNOHANG", WNOHANG);
	PRINT("Ptrace.WALL", __WALL);
	PRINT("Ptrace.SIGTRAP", SIGTRAP);

	PRINT("ProcessMemory.IOVEC_BYTES", sizeof(struct iovec));
	PRINT("ProcessMemory.IOVEC_LENGTH", offsetof(struct iovec, iov_len));

	PRINT("SignalFrame.UC_FP_XSTATE", UC_FP_XSTATE);
	PRINT("SignalFrame.UC_SIGCONTEXT_SS", UC_SIGCONTEXT_SS);
	PRINT("SignalFrame.UC_STRICT_RESTORE_SS", UC_STRICT_RESTORE_SS);
	PRINT("SignalFrame.FLAGS", offsetof(struct rt_sigframe, uc.flags));
	PRINT("SignalFrame.ALTSTACK_FLAGS", offsetof(struct rt_sigframe, uc.stack.ss_flags));
	PRINT("SignalFrame.REGISTERS", offsetof(struct rt_sigframe, uc.mcontext));
	PRINT("SignalFrame.SEGMENTS", offsetof(struct rt_sigframe, uc.mcontext.gregs[REG_CSGSFS]));
	/* cs, gs, fs, ss: of 16 bits each. */
	PRINT("SignalFrame.STACK_SEGMENT",
	      offsetof(struct rt_sigframe, uc.mcontext.gregs[REG_CSGSFS]) + 3 * 2);
	PRINT("SignalFrame.XSAVE_POINTER", offsetof(struct rt_sigframe, uc.mcontext.fpregs));
	PRINT("SignalFrame.SIGNAL_MASK", offsetof(struct rt_sigframe, uc.mask));
	PRINT("SignalFrame.XSAVE", sizeof(struct rt_sigframe));
	PRINT("SignalFrame.FP_XSTATE_MAGIC1", FP_XSTATE_MAGIC1);
	PRINT("SignalFrame.FP_XSTATE_MAGIC2", FP_XSTATE_MAGIC2);
	PRINT("SignalFrame.MAGIC2_BYTES", FP_XSTATE_MAGIC2_SIZE);
	/* At the image's end, as far as that is FXSAVE's. */
#define SOFTWARE(field) (sizeof(struct _fpstate) - sizeof(struct _fpx_sw_bytes) + \
			 offsetof(struct _fpx_sw_bytes, field))
	PRINT("SignalFrame.SOFTWARE", SOFTWARE(magic1));
	PRINT("SignalFrame.SOFTWARE_EXTENDED_SIZE", SOFTWARE(extended_size));
	PRINT("SignalFrame.SOFTWARE_FEATURES", SOFTWARE(xstate_bv));
	PRINT("SignalFrame.SOFTWARE_SIZE", SOFTWARE(xstate_size));
	PRINT("SignalFrame.XSAVE_IN_USE", offsetof(struct _xstate, xstate_hdr.xstate_bv));
}

static void seccomp_filter(void)
{
	PRINT("SeccompFilter.SET_MODE_FILTER", SECCOMP_SET_MODE_FILTER);
	PRINT("SeccompFilter.FILTER_FLAG_NEW_LISTENER", SECCOMP_FILTER_FLAG_NEW_LISTENER);
	PRINT("SeccompFilter.FILTER_FLAG_WAIT_KILLABLE_RECV",
	      SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	IOCTL("SeccompFilter.RET_USER_NOTIF", SECCOMP_RET_USER_NOTIF);
	IOCTL("SeccompFilter.RET_ALLOW", SECCOMP_RET_ALLOW);
	IOCTL("SeccompFilter.AUDIT_ARCH_X86_64", AUDIT_ARCH_X86_64);
	PRINT("SeccompFilter.SYS_SECCOMP", SYS_seccomp);
	PRINT("SeccompFilter.SYS_IOCTL", SYS_ioctl);
	PRINT("SeccompFilter.SYS_PRCTL", SYS_prctl);
	PRINT("SeccompFilter.DATA_NR", offsetof(struct seccomp_data, nr));
	PRINT("SeccompFilter.DATA_ARCH", offsetof(struct seccomp_data, arch));
	PRINT("SeccompFilter.DATA_ARGS", offsetof(struct seccomp_data, args));
	PRINT("SeccompFilter.INSTRUCTION_BYTES", sizeof(struct sock_filter));
	PRINT("SeccompFilter.PROGRAM_BYTES", sizeof(struct sock_fprog));
	PRINT("SeccompFilter.BPF_LOAD", BPF_LD | BPF_W | BPF_ABS);
	PRINT("SeccompFilter.BPF_JUMP_IF_EQUAL", BPF_JMP | BPF_JEQ | BPF_K);
	PRINT("SeccompFilter.BPF_RETURN", BPF_RET | BPF_K);
	PRINT("SeccompFilter.PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS);

	IOCTL("SeccompListener.IOCTL_RECV", SECCOMP_IOCTL_NOTIF_RECV);
	IOCTL("SeccompListener.IOCTL_SEND", SECCOMP_IOCTL_NOTIF_SEND);
	IOCTL("SeccompListener.IOCTL_ID_VALID", SECCOMP_IOCTL_NOTIF_ID_VALID);
	/* Since Linux 6.6, which the headers may be older than. */
	IOCTL("SeccompListener.IOCTL_SET_FLAGS", SECCOMP_IOW(4, __u64));
	PRINT("SeccompListener.FD_SYNC_WAKE_UP", 1UL << 0);
	PRINT("SeccompListener.FLAG_CONTINUE", SECCOMP_USER_NOTIF_FLAG_CONTINUE);
	PRINT("SeccompListener.NOTIF_BYTES", sizeof(struct seccomp_notif));
	PRINT("SeccompListener.NOTIF_PID", offsetof(struct seccomp_notif, pid));
	PRINT("SeccompListener.NOTIF_ARGS", offsetof(struct seccomp_notif, data.args));
	PRINT("SeccompListener.RESP_BYTES", sizeof(struct seccomp_notif_resp));
	PRINT("SeccompListener.RESP_VAL", offsetof(struct seccomp_notif_resp, val));
	PRINT("SeccompListener.RESP_ERROR", offsetof(struct seccomp_notif_resp, error));
	PRINT("SeccompListener.RESP_FLAGS", offsetof(struct seccomp_notif_resp, flags));

	PRINT("Exec.F_DUPFD", F_DUPFD);
	PRINT("Exec.F_SETFD", F_SETFD);
	PRINT("Exec.FD_CLOEXEC", FD_CLOEXEC);
	PRINT("Exec.SIG_SETMASK", SIG_SETMASK);
	PRINT("Exec.SIG_IGN", (long)SIG_IGN);
	PRINT("Exec.CLONE_FILES", CLONE_FILES);
	PRINT("Exec.SYS_CLOSE_RANGE", SYS_close_range);
	PRINT("Exec.SIGSET_BYTES", sizeof(sigset_t));
	PRINT("Exec.SYS_RT_SIGACTION", SYS_rt_sigaction);
	/* Handler, flags, restorer and mask: include/linux/signal_types.h, in no header here. */
	PRINT("Exec.SIGACTION_BYTES", sizeof(struct { void *h; unsigned long f; void *r; __u64 m; }));
	PRINT("Exec.SIGNALS", SIGRTMAX);
}

/* The header has no such limit, but the kernel does: the largest count that it does not refuse. */
static void cpuid_entries_max(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
	int vcpu = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
	int n = 0;

	if (vcpu < 0) {
		puts("KvmAbi.CPUID_ENTRIES_MAX ?");
		puts("KvmAbi.CPUID2_BYTES ?");
		return;
	}
	while (n < 1 << 16) {
		struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + (n + 1) * sizeof(*cpuid->entries));

		cpuid->nent = n + 1;
		if (ioctl(vcpu, KVM_SET_CPUID2, cpuid) < 0 && errno == E2BIG)
			break;
		n++;
		free(cpuid);
	}
	PRINT("KvmAbi.CPUID_ENTRIES_MAX", n);
	PRINT("KvmAbi.CPUID2_BYTES", sizeof(struct kvm_cpuid2) + n * sizeof(struct kvm_cpuid_entry2));
}

static void kvm(void)
{
	PRINT("KvmAbi.API_VERSION", KVM_API_VERSION);
	PRINT("KvmAbi.CAP_BINARY_STATS_FD", KVM_CAP_BINARY_STATS_FD);
	IOCTL("KvmAbi.IOC_NONE", _IO(0, 0));
	IOCTL("KvmAbi.GET_API_VERSION", KVM_GET_API_VERSION);
	IOCTL("KvmAbi.CREATE_VM", KVM_CREATE_VM);
	IOCTL("KvmAbi.CHECK_EXTENSION", KVM_CHECK_EXTENSION);
	IOCTL("KvmAbi.GET_VCPU_MMAP_SIZE", KVM_GET_VCPU_MMAP_SIZE);
	IOCTL("KvmAbi.CREATE_VCPU", KVM_CREATE_VCPU);
	IOCTL("KvmAbi.CREATE_IRQCHIP", KVM_CREATE_IRQCHIP);
	IOCTL("KvmAbi.RUN", KVM_RUN);
	IOCTL("KvmAbi.GET_STATS_FD", KVM_GET_STATS_FD);
	IOCTL("KvmAbi.GET_TSC_KHZ", KVM_GET_TSC_KHZ);
	IOCTL("KvmAbi.GET_SUPPORTED_CPUID", KVM_GET_SUPPORTED_CPUID);
	IOCTL("KvmAbi.SET_USER_MEMORY_REGION", KVM_SET_USER_MEMORY_REGION);
	IOCTL("KvmAbi.SET_REGS", KVM_SET_REGS);
	IOCTL("KvmAbi.GET_SREGS", KVM_GET_SREGS);
	IOCTL("KvmAbi.SET_SREGS", KVM_SET_SREGS);
	IOCTL("KvmAbi.SET_CPUID2", KVM_SET_CPUID2);
	IOCTL("KvmAbi.SET_MP_STATE", KVM_SET_MP_STATE);

	PRINT("KvmAbi.MEMORY_REGION_BYTES", sizeof(struct kvm_userspace_memory_region));
	PRINT("KvmAbi.MEMORY_REGION_SLOT", offsetof(struct kvm_userspace_memory_region, slot));
	PRINT("KvmAbi.MEMORY_REGION_GUEST_PHYS_ADDR",
	      offsetof(struct kvm_userspace_memory_region, guest_phys_addr));
	PRINT("KvmAbi.MEMORY_REGION_MEMORY_SIZE",
	      offsetof(struct kvm_userspace_memory_region, memory_size));
	PRINT("KvmAbi.MEMORY_REGION_USERSPACE_ADDR",
	      offsetof(struct kvm_userspace_memory_region, userspace_addr));

	PRINT("KvmAbi.CPUID2_NENT", offsetof(struct kvm_cpuid2, nent));
	PRINT("KvmAbi.CPUID2_ENTRIES", offsetof(struct kvm_cpuid2, entries));
	PRINT("KvmAbi.CPUID_ENTRY2_BYTES", sizeof(struct kvm_cpuid_entry2));

	PRINT("KvmAbi.REGS_BYTES", sizeof(struct kvm_regs));
	PRINT("KvmAbi.REGS_RSP", offsetof(struct kvm_regs, rsp));
	PRINT("KvmAbi.REGS_RIP", offsetof(struct kvm_regs, rip));
	PRINT("KvmAbi.REGS_RFLAGS", offsetof(struct kvm_regs, rflags));
	PRINT("KvmAbi.RFLAGS_ALWAYS_SET", X86_EFLAGS_FIXED);
	PRINT("KvmAbi.SREGS_BYTES", sizeof(struct kvm_sregs));
	PRINT("KvmAbi.SREGS_CS", offsetof(struct kvm_sregs, cs));
	PRINT("KvmAbi.SREGS_DS", offsetof(struct kvm_sregs, ds));
	PRINT("KvmAbi.SREGS_ES", offsetof(struct kvm_sregs, es));
	PRINT("KvmAbi.SREGS_SS", offsetof(struct kvm_sregs, ss));
	PRINT("KvmAbi.SEGMENT_BASE", offsetof(struct kvm_segment, base));
	PRINT("KvmAbi.SEGMENT_SELECTOR", offsetof(struct kvm_segment, selector));
	PRINT("KvmAbi.MP_STATE_BYTES", sizeof(struct kvm_mp_state));

	PRINT("KvmAbi.RUN_EXIT_REASON", offsetof(struct kvm_run, exit_reason));
	PRINT("KvmAbi.RUN_IO_PORT", offsetof(struct kvm_run, io.port));
	PRINT("KvmAbi.RUN_MMIO_ADDRESS", offsetof(struct kvm_run, mmio.phys_addr));
	cpuid_entries_max();
	registers();
	tracing();
	seccomp_filter();
}
#else
static void kvm(void)
{
}
#endif

int main(void)
{
	errnos();
	calls();
	sockets();
	stats();
	exits();
	kvm();
	return 0;
}
