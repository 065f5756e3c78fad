/*
 * Processes to scan: some with a VM, its vCPUs that never run and its stats fds, as a VMM's, and
 * others with as many files as a service has.
 *
 *   population VMS OTHERS VCPUS
 *
 * Prints a line when all are there, and ends with its standard input, and they with it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#define VMM_FILES 40	/* Disks, taps, eventfds, sockets. */
#define OTHER_FILES 40

static void open_files(int count)
{
	while (count-- > 0) {
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) {
			perror("population: /dev/null");
			exit(1);
		}
	}
}

static int check(int fd, const char *what)
{
	if (fd < 0) {
		perror(what);
		exit(1);
	}
	return fd;
}

static void make_vm(int vcpus)
{
	int kvm = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "population: /dev/kvm");
	int vm = check(ioctl(kvm, KVM_CREATE_VM, 0), "population: KVM_CREATE_VM");

	check(ioctl(vm, KVM_GET_STATS_FD, 0), "population: KVM_GET_STATS_FD");
	for (int i = 0; i < vcpus; i++) {
		int vcpu = check(ioctl(vm, KVM_CREATE_VCPU, i), "population: KVM_CREATE_VCPU");

		check(ioctl(vcpu, KVM_GET_STATS_FD, 0), "population: KVM_GET_STATS_FD");
	}
}

static void child(int has_vm, int vcpus, int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (has_vm)
		make_vm(vcpus);
	open_files(has_vm ? VMM_FILES : OTHER_FILES);
	if (write(ready, "", 1) != 1)
		exit(1);
	close(ready);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int vms = argc == 4 ? atoi(argv[1]) : 0, all = vms + (argc == 4 ? atoi(argv[2]) : 0);
	int ready[2];
	char byte;

	if (all < 1) {
		fprintf(stderr, "usage: population VMS OTHERS VCPUS\n");
		return 2;
	}
	if (pipe2(ready, O_CLOEXEC) < 0) {
		perror("population");
		return 1;
	}
	for (int i = 0; i < all; i++) {
		pid_t pid = fork();

		if (pid == 0)
			child(i < vms, atoi(argv[3]), ready[1]);
		if (pid < 0) {
			perror("population: fork");
			return 1;
		}
	}
	close(ready[1]);
	for (int i = 0; i < all; i++) {
		if (read(ready[0], &byte, 1) != 1) {
			fprintf(stderr, "population: only %d of %d processes are there\n", i, all);
			return 1;
		}
	}
	printf("ready\n");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
