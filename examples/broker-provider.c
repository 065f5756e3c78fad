/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VMM that hands its stats fds to a kvmstats broker, and so needs nobody with privileges to look for
 * them. It makes a VM with a vCPU, hands both in, and stays until its standard input ends.
 *
 *	cc -Iinclude -o broker-provider examples/broker-provider.c && ./broker-provider SOCKET NAME
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "kvmstats_broker.h"

/* Sends a packet, and gives the answer's type; dies of a refusal. */
static uint32_t ask(int broker, struct kvmstats_packet *packet, size_t bytes, const int *fds, int count)
{
	char control[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec iov = { packet, bytes };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		*header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
					    .cmsg_len = CMSG_LEN(count * sizeof(int)) };
		memcpy(CMSG_DATA(header), fds, count * sizeof(int));
	}
	if (sendmsg(broker, &message, MSG_NOSIGNAL) < 0)
		err(1, "sendmsg");
	if (packet->type == KVMSTATS_NAME)
		return 0;	/* Is not answered. */
	do {			/* That VMs have come or gone is nothing to us. */
		ssize_t got = recv(broker, packet, sizeof(*packet), 0);

		if (got < 8)
			errx(1, "the broker has ended");
		if (packet->type == KVMSTATS_REFUSED)
			errx(1, "refused: %.*s", (int)got - 8, packet->text);
	} while (packet->type == KVMSTATS_CHANGED);
	return packet->type;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct kvmstats_packet packet = { .type = KVMSTATS_HELLO, .value = KVMSTATS_BROKER_VERSION };

	if (argc != 3 || strlen(argv[2]) > 256)
		errx(2, "usage: broker-provider SOCKET NAME");

	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);
	int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	int fds[] = { ioctl(vm, KVM_GET_STATS_FD, 0), ioctl(vcpu, KVM_GET_STATS_FD, 0) };

	if (fds[0] < 0 || fds[1] < 0)
		err(1, "a VM with a vCPU and their stats fds");

	int broker = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[1]);
	if (connect(broker, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", argv[1]);
	ask(broker, &packet, 8, NULL, 0);
	packet = (struct kvmstats_packet){ .type = KVMSTATS_NAME, .value = strlen(argv[2]) };
	memcpy(packet.text, argv[2], packet.value);
	ask(broker, &packet, 8 + packet.value, NULL, 0);
	packet = (struct kvmstats_packet){ .type = KVMSTATS_HAND, .value = 2 };
	if (ask(broker, &packet, 8, fds, 2) == KVMSTATS_TAKEN)
		printf("the broker has %u stats fds of us\n", packet.value);
	fflush(stdout);
	close(fds[0]);		/* It has its own now, as long as this connection lasts. */
	close(fds[1]);
	while (getchar() != EOF)
		;
	return 0;
}
