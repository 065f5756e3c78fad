package io.kvmstats.bench;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.kvmstats.core.binaryform.Abi;
import io.kvmstats.core.binaryform.ServedVcpu;
import io.kvmstats.core.binaryform.ServedVm;
import io.kvmstats.core.binaryform.UserMemory;
import io.kvmstats.core.catalog.RfcNames;
import io.kvmstats.linux.CFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A VM of 64 vCPUs that is served, with the statistics of the RFC's time, and C beside it. */
final class ServedVm64 {
  private static final int VCPUS = 64;
  private static final Abi ABI = Abi.GENERIC;

  /** The user's memory: struct kvm_stats_data and what is behind it. */
  private static final long USER_BYTES = 4096;

  private final ServedVm vm;
  private final List<ServedVcpu> vcpus = new ArrayList<>();
  private final List<MemorySegment> values = new ArrayList<>();
  private final MemorySegment user;
  private final Memory memory;
  private final CFunction sum;
  private final MemorySegment cVm;

  ServedVm64(Path library, Arena arena) {
    RfcNames names = RfcNames.of("x86").getFirst();
    user = arena.allocate(USER_BYTES, Long.BYTES);
    user.set(ValueLayout.JAVA_INT, 0, (int) USER_BYTES - ABI.dataOffset());
    memory = new Memory(user);
    int own = names.vm().names().size();
    vm = new ServedVm(ABI, memory, names.vm(), u64s(arena, own), names.vcpu());
    int stats = names.vcpu().names().size();
    sum = CFunction.load(library, "sum");
    // struct vm of binaryform.c: vcpus, stats, sums, values[].
    cVm = u64s(arena, 3 + VCPUS);
    cVm.setAtIndex(JAVA_LONG, 0, VCPUS);
    cVm.setAtIndex(JAVA_LONG, 1, stats);
    cVm.setAtIndex(JAVA_LONG, 2, u64s(arena, stats).address());
    for (int i = 0; i < VCPUS; i++) {
      MemorySegment counters = u64s(arena, stats);
      values.add(counters);
      vcpus.add(vm.addVcpu(counters));
      cVm.setAtIndex(JAVA_LONG, 3 + i, counters.address());
    }
  }

  private static MemorySegment u64s(Arena arena, int count) {
    return arena.allocate((long) count * Long.BYTES, Long.BYTES);
  }

  /** The user's memory, all of which is there. */
  private static final class Memory implements UserMemory {
    private final MemorySegment bytes;

    Memory(MemorySegment bytes) {
      this.bytes = bytes;
    }

    @Override
    public long copyFrom(long address, MemorySegment into) {
      MemorySegment.copy(bytes, address - bytes.address(), into, 0, into.byteSize());
      return into.byteSize();
    }

    @Override
    public long readU32(long address, int length) {
      long at = address - bytes.address();
      return Integer.toUnsignedLong(bytes.get(ValueLayout.JAVA_INT_UNALIGNED, at));
    }

    @Override
    public long copyTo(long address, MemorySegment from) {
      MemorySegment.copy(from, 0, bytes, address - bytes.address(), from.byteSize());
      return from.byteSize();
    }
  }

  void vcpuData() {
    for (int i = 0; i < VCPUS; i++) {
      check(vcpus.get(i).ioctl(ABI.getData(), user.address(), memory));
    }
  }

  void vcpuCopy() {
    for (int i = 0; i < VCPUS; i++) {
      MemorySegment from = values.get(i);
      MemorySegment.copy(from, 0, user, ABI.dataOffset(), from.byteSize());
    }
  }

  void vmData() {
    check(vm.ioctl(ABI.getData(), user.address(), memory));
  }

  void vmSum() {
    sum.call(cVm.address(), 0);
  }

  private static void check(int result) {
    if (result != 0) {
      throw new IllegalStateException("errno " + -result);
    }
  }
}
