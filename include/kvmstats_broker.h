/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kvmstats broker shares and says: docs/broker.md explains all of it. Everything is in the
 * host's byte order, and every structure has the same layout on 32 and 64 bits.
 */
#ifndef KVMSTATS_BROKER_H
#define KVMSTATS_BROKER_H

#include <stdint.h>

#define KVMSTATS_BROKER_SOCKET	"/run/kvmstats/broker.sock"
#define KVMSTATS_BROKER_VERSION	1
#define KVMSTATS_PACKET_MAX	4096
#define KVMSTATS_PACKET_FDS_MAX	253

/* To the broker. */
#define KVMSTATS_HELLO		1
#define KVMSTATS_INTERVAL	2
#define KVMSTATS_NAME		3
#define KVMSTATS_HAND		4
/* From the broker. */
#define KVMSTATS_WELCOME	101
#define KVMSTATS_CHANGED	102
#define KVMSTATS_TAKEN		103
#define KVMSTATS_REFUSED	104

struct kvmstats_packet {
	uint32_t type;
	uint32_t value;		/* HELLO, WELCOME: version; NAME: bytes of text; HAND, TAKEN: descriptors;
				   REFUSED: errno */
	union {
		uint64_t nanos;		/* INTERVAL */
		uint64_t generation;	/* CHANGED */
		char text[KVMSTATS_PACKET_MAX - 8];	/* NAME, REFUSED: no NUL */
	};
};

/* The file that WELCOME carries, from its start. */
struct kvmstats_table {
	char magic[8];			/* "kvmstats" */
	uint32_t version;
	uint32_t header_bytes;
	uint64_t file_bytes;
	uint64_t directory_offset;
	uint64_t directory_room;
	uint64_t slots_offset;
	uint64_t interval_limit;	/* ns */
	uint64_t reserved0;
	uint64_t generation;		/* of the directory; odd while it is written */
	uint64_t directory_bytes;
	uint64_t replaced;		/* not 0: this file is not written any more, connect for another one */
	uint64_t reserved1[5];
	uint64_t sweep_began;		/* CLOCK_MONOTONIC ns, of the last sweep that is over; 0: none yet */
	uint64_t interval;		/* ns */
};

/* The directory: records one behind the other, each on 8 bytes. */
#define KVMSTATS_RECORD_SCHEMA	1
#define KVMSTATS_RECORD_VMM	2
#define KVMSTATS_RECORD_OBJECT	3
#define KVMSTATS_RECORD_HIDDEN	4

struct kvmstats_record {
	uint32_t type;
	uint32_t bytes;			/* of the whole record */
};

struct kvmstats_schema {
	struct kvmstats_record record;
	uint32_t number;
	uint32_t file_bytes;
	uint8_t file[];			/* a stats file: header, no id, descriptors, zeros for data */
};

#define KVMSTATS_PUBLISHED	1

struct kvmstats_vmm {
	struct kvmstats_record record;
	uint32_t pid;
	uint32_t flags;
	uint64_t start_ticks;		/* after boot, as in /proc/PID/stat */
	uint32_t vms;
	uint32_t vcpus;
	uint32_t objects;		/* that many records of objects follow this one */
	uint32_t reserved;
	int32_t vcpu[];			/* the numbers of all vCPUs, then texts */
};

struct kvmstats_object {
	struct kvmstats_record record;
	int32_t vcpu;			/* -1: a VM */
	uint32_t fd;			/* in the VMM; of what was handed in, a number of the broker's */
	uint32_t schema;
	uint32_t reserved;
	uint64_t slot;			/* in bytes from the file's start */
	uint64_t object;		/* what the slot says as long as it is this object's */
	uint8_t texts[];
};

struct kvmstats_hidden {
	struct kvmstats_record record;
	uint32_t pid;
	uint32_t reserved;
	uint8_t texts[];
};

/* A text: what it is, its length, and UTF-8 without a NUL. They stand at a record's end. */
#define KVMSTATS_TEXT_PROGRAM		1
#define KVMSTATS_TEXT_NAME		2
#define KVMSTATS_TEXT_NAME_ORIGIN	3
#define KVMSTATS_TEXT_SOURCE		4
#define KVMSTATS_TEXT_SHORTFALL		5
#define KVMSTATS_TEXT_ID		6
#define KVMSTATS_TEXT_UUID		7
#define KVMSTATS_TEXT_UUID_ORIGIN	8

struct kvmstats_text {
	uint16_t what;
	uint16_t bytes;
	char text[];
};

/* A slot: this, and two samples. */
struct kvmstats_slot {
	uint64_t generation;		/* odd while the slot is written */
	uint64_t newest;		/* which sample was written last: 0 or 1 */
	uint64_t object;		/* 0: nobody's */
	uint64_t reserved[5];
};

#define KVMSTATS_NEVER INT64_MIN

struct kvmstats_sample {
	uint64_t before;		/* CLOCK_MONOTONIC ns, before and after the read */
	uint64_t after;
	int64_t valid_bytes;		/* of the data; -errno; KVMSTATS_NEVER */
	uint64_t reserved;
	uint64_t data[];		/* up to a multiple of 64 bytes from the sample's start */
};

#endif
