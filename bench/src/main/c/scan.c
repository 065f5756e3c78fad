/*
 * The least that a look at every process's descriptors takes in C, to compare Java's with: each link
 * is read once, and none is remembered.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* *descriptors and *vms count what was seen; returns how many processes there were, or -1. */
long scan(long *descriptors, long *vms)
{
	DIR *proc = opendir("/proc");
	struct dirent *process, *fd;
	long processes = 0;

	if (!proc)
		return -1;
	*descriptors = *vms = 0;
	while ((process = readdir(proc))) {
		char path[300], link[256];
		DIR *fds;

		if (process->d_name[0] < '0' || process->d_name[0] > '9')
			continue;
		processes++;
		snprintf(path, sizeof(path), "%s/fd", process->d_name);
		int folder = openat(dirfd(proc), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (folder < 0 || !(fds = fdopendir(folder)))
			continue;
		while ((fd = readdir(fds))) {
			ssize_t length = readlinkat(folder, fd->d_name, link, sizeof(link) - 1);

			if (length < 0)
				continue;
			link[length] = '\0';
			++*descriptors;
			*vms += strcmp(link, "anon_inode:kvm-vm") == 0;
		}
		closedir(fds);
	}
	closedir(proc);
	return processes;
}
