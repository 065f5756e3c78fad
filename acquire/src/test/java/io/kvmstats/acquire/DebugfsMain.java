package io.kvmstats.acquire;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads a VM of its own, of which it keeps no stats fd, through debugfs. */
final class DebugfsMain {
  private DebugfsMain() {}

  /** Prints "debugfs name=value name=value: why not better". */
  public static void main(String[] args) throws IOException {
    try (Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm();
        KvmVcpu vcpu = vm.createVcpu(0);
        Arena arena = Arena.ofConfined()) {
      for (Vmm vmm : new Host().scan().vmms()) {
        if (vmm.pid() != ProcessHandle.current().pid()) {
          vmm.close();
          continue;
        }
        try (AcquiredVmm acquired = new Acquirer().acquire(vmm)) {
          StringBuilder said = new StringBuilder();
          for (StatsObject object : acquired.objects()) {
            said.append(object.source().label());
            MemorySegment block = arena.allocate(object.file().schema().dataBytes(), Long.BYTES);
            long valid = object.bytes().tryPread(block, 0);
            for (Descriptor stat : object.file().schema().descriptors()) {
              long value = block.get(ValueLayout.JAVA_LONG, stat.offset());
              said.append(" ").append(stat.name()).append("=");
              said.append(stat.end() <= valid ? value : "absent");
            }
          }
          System.out.println(said + ": " + acquired.shortfall().orElse("") + " " + vcpu.id());
        }
      }
    }
  }
}
