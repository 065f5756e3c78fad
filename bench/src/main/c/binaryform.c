/*
 * What GET_DATA on a VM cannot do without, in C: each statistic summed over the vCPUs.
 */
#include <stdint.h>

/* Filled by Java: see BinaryFormComparison.java. */
struct vm {
	int64_t vcpus;
	int64_t stats;
	uint64_t *sums;
	const uint64_t *values[];
};

long sum(const struct vm *vm, long unused)
{
	(void)unused;
	for (int64_t i = 0; i < vm->stats; i++)
		vm->sums[i] = 0;
	for (int64_t vcpu = 0; vcpu < vm->vcpus; vcpu++) {
		const uint64_t *values = vm->values[vcpu];

		for (int64_t i = 0; i < vm->stats; i++)
			vm->sums[i] += values[i];
	}
	return 0;
}
