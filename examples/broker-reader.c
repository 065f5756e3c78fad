/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints one statistic of every VM and vCPU that a kvmstats broker reads, from its table: after
 * connecting, nothing here makes a system call but to print. docs/broker.md has the layout.
 *
 *	cc -Iinclude -o broker-reader examples/broker-reader.c && ./broker-reader SOCKET exits
 */
#include <err.h>
#include <linux/kvm.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "kvmstats_broker.h"

#define SCHEMAS 4096		/* More than there is room for in a broker's directory. */
#define TRIES 100000000	/* Whoever writes takes microseconds, or has ended. */

static int table_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct kvmstats_packet packet = { .type = KVMSTATS_HELLO, .value = KVMSTATS_BROKER_VERSION };
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec iov = { &packet, sizeof(packet) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int broker = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ssize_t got;
	int fd;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(broker, (struct sockaddr *)&address, sizeof(address)) || send(broker, &packet, 8, 0) < 0)
		err(1, "%s", path);
	got = recvmsg(broker, &message, MSG_CMSG_CLOEXEC);
	if (got < 8)
		errx(1, "%s: no answer", path);
	if (packet.type != KVMSTATS_WELCOME || !CMSG_FIRSTHDR(&message))
		errx(1, "%s: not welcome: %.*s", path, (int)got - 8, packet.text);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* A copy of the directory as it was at one time; the broker writes it in a moment. */
static char *directory_of(const struct kvmstats_table *table, uint64_t *bytes)
{
	char *copy = malloc(table->directory_room);
	uint64_t before, after;
	long tries = TRIES;

	do {
		if (!--tries)
			errx(1, "the broker has ended while it wrote");
		before = atomic_load_explicit((_Atomic uint64_t *)&table->generation, memory_order_acquire);
		*bytes = table->directory_bytes;
		memcpy(copy, (const char *)table + table->directory_offset, *bytes);
		atomic_thread_fence(memory_order_acquire);
		after = *(volatile const uint64_t *)&table->generation;
	} while (before % 2 || before != after);
	return copy;
}

static const struct kvm_stats_desc *find(const struct kvmstats_schema *schema, const char *name)
{
	const struct kvm_stats_header *header = (const void *)schema->file;

	for (uint32_t i = 0; i < header->num_desc; i++) {
		const struct kvm_stats_desc *desc = (const void *)(schema->file + header->desc_offset +
						    i * (sizeof(*desc) + header->name_size));
		if (!strcmp(desc->name, name))
			return desc;
	}
	return NULL;
}

/* The value, unless it could not be read, or the slot is another object's by now. */
static int value_of(const char *table, const struct kvmstats_object *object, size_t data_bytes,
		    uint32_t offset, uint64_t *value)
{
	const struct kvmstats_slot *slot = (const void *)(table + object->slot);
	long tries = TRIES;
	size_t sample_bytes = (sizeof(struct kvmstats_sample) + data_bytes + 63) / 64 * 64;
	uint64_t before, after;
	int ok;

	do {
		if (!--tries)
			errx(1, "the broker has ended while it wrote");
		before = atomic_load_explicit((_Atomic uint64_t *)&slot->generation, memory_order_acquire);
		const struct kvmstats_sample *sample =
			(const void *)((const char *)(slot + 1) + (slot->newest & 1) * sample_bytes);
		ok = slot->object == object->object && sample->valid_bytes >= (int64_t)offset + 8;
		*value = sample->data[offset / 8];
		atomic_thread_fence(memory_order_acquire);
		after = *(volatile const uint64_t *)&slot->generation;
	} while (before % 2 || before != after);
	return ok;
}

int main(int argc, char **argv)
{
	const struct kvmstats_schema *schemas[SCHEMAS] = { 0 };
	uint64_t bytes, value;
	uint32_t pid = 0;

	if (argc != 3)
		errx(2, "usage: broker-reader SOCKET STATISTIC");

	int fd = table_of(argv[1]);
	const struct kvmstats_table *table = mmap(NULL, sizeof(*table), PROT_READ, MAP_SHARED, fd, 0);

	if (table != MAP_FAILED)
		table = mmap(NULL, table->file_bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (table == MAP_FAILED)
		err(1, "mmap");

	char *directory = directory_of(table, &bytes);

	for (char *at = directory; at < directory + bytes; at += ((struct kvmstats_record *)at)->bytes) {
		const struct kvmstats_schema *schema = (const void *)at;
		const struct kvmstats_vmm *vmm = (const void *)at;
		const struct kvmstats_object *object = (const void *)at;

		if (schema->record.type == KVMSTATS_RECORD_SCHEMA && schema->number < SCHEMAS)
			schemas[schema->number] = schema;
		if (vmm->record.type == KVMSTATS_RECORD_VMM)
			pid = vmm->pid;
		if (object->record.type != KVMSTATS_RECORD_OBJECT || object->schema >= SCHEMAS)
			continue;
		schema = schemas[object->schema];
		const struct kvm_stats_header *header = (const void *)schema->file;
		const struct kvm_stats_desc *desc = find(schema, argv[2]);

		if (desc && value_of((const char *)table, object, schema->file_bytes - header->data_offset,
				     desc->offset, &value))
			printf("pid %u vcpu %d %s %llu\n", pid, object->vcpu, argv[2], (unsigned long long)value);
	}
	return 0;
}
