/* What a C compiler makes of include/kvm_stats_binary_form.h, a constant a line. */
#include <stddef.h>
#include <stdio.h>

#include "../../../../include/kvm_stats_binary_form.h"

int main(void)
{
	printf("%d %d\n", KVM_CAP_STATS_BINARY_FORM, KVM_STATS_NAME_LEN);
	printf("%zu %zu %zu\n", sizeof(struct kvm_stats_info), sizeof(struct kvm_stats_names),
	       sizeof(struct kvm_stats_data));
	printf("%zu %zu\n", offsetof(struct kvm_stats_names, names),
	       offsetof(struct kvm_stats_data, data));
	printf("%x %x %x\n", (unsigned int)KVM_STATS_GET_INFO, (unsigned int)KVM_STATS_GET_NAMES,
	       (unsigned int)KVM_STATS_GET_DATA);
	return 0;
}
