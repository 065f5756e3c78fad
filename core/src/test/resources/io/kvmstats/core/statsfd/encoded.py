#!/usr/bin/env python3
"""Writes a stats file as a big-endian kernel would, from a list of its statistics.

usage: encoded.py LIST SCOPE ID >FILE

  encoded.py ../lists/today-s390.txt VM kvm-4242 >encoded-s390-vm.bin
  encoded.py ../lists/today-s390.txt VCPU kvm-4243/vcpu-1 >encoded-s390-vcpu.bin

Made from struct kvm_stats_header and struct kvm_stats_desc (include/uapi/linux/kvm.h) and knows
nothing of our encoder, so that the two can't be wrong in the same way. The u64 at byte N of the
data is 0x0123456789abcdef + N.
"""

import struct
import sys

list_file, scope, label = sys.argv[1:]
descriptors = b""
data_size = 0
count = 0
for line in open(list_file, encoding="ascii"):
    if not line.startswith(scope + " "):
        continue
    _, name, flags, exponent, size, bucket_size, offset = line.split()
    descriptors += struct.pack(
        ">IhHII48s",
        int(flags, 16), int(exponent), int(size), int(offset), int(bucket_size), name.encode(),
    )
    data_size = max(data_size, int(offset) + 8 * int(size))
    count += 1

header = struct.pack(">IIIIII", 0, 48, count, 24, 24 + 48, 24 + 48 + len(descriptors))
data = b"".join(struct.pack(">Q", 0x0123456789ABCDEF + n) for n in range(0, data_size, 8))
sys.stdout.buffer.write(header + struct.pack("48s", label.encode()) + descriptors + data)
