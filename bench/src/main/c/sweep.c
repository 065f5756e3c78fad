/*
 * The sweep in C, to compare Java's with: the same descriptors, called in the same process.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <time.h>
#include <unistd.h>

struct sample {
	int64_t before_ns;
	int64_t after_ns;
	int64_t valid_bytes;
};

/* Filled by Java: see CLoop.java. */
struct object {
	int64_t fd;
	int64_t offset;
	int64_t length;
	void *data[2];
	struct sample samples[2];
	int64_t newest;
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* What the sweep does: each block into the older of two samples, with the times of the read. */
long sweep(struct object *objects, long count)
{
	int64_t now = now_ns();

	for (long i = 0; i < count; i++) {
		struct object *o = &objects[i];
		int index = 1 - o->newest;
		struct sample *sample = &o->samples[index];

		sample->valid_bytes = pread(o->fd, o->data[index], o->length, o->offset);
		sample->before_ns = now;
		now = now_ns();
		sample->after_ns = now;
		o->newest = index;
	}
	return 0;
}

/* The least that any reader does: one pread per object. */
long preads(struct object *objects, long count)
{
	long bytes = 0;

	for (long i = 0; i < count; i++) {
		struct object *o = &objects[i];

		bytes += pread(o->fd, o->data[0], o->length, o->offset);
	}
	return bytes;
}
