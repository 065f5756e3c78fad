import io.kvmstats.linux.*;
import java.io.IOException;
import java.lang.foreign.*;
import java.util.List;

/**
 * Prints the statistics of a VM and of its vCPU in the binary form: information and names once,
 * values three times while the vCPU runs a guest of two x86 instructions.
 */
class BinaryForm {
  private static final byte[] GUEST = {(byte) 0xee, (byte) 0xeb, (byte) 0xfd}; // out dx, al; again

  static void main() throws IOException {
    try (Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm();
        Mapping memory = Mapping.anonymous(0x2000)) {
      memory.segment().copyFrom(MemorySegment.ofArray(GUEST));
      vm.setUserMemoryRegion(0, 0, memory.segment());
      KvmBinaryForm ofVm = vm.binaryForm(); // Before there are vCPUs.
      try (KvmVcpu vcpu = vm.createVcpu(0)) {
        vcpu.setSupportedCpuid(kvm);
        vcpu.setRealMode(0, 0, 0x2000, 0);
        vcpu.makeRunnable();
        print("VM", ofVm, vcpu);
        print("vCPU 0", vcpu.binaryForm(), vcpu);
      }
    }
  }

  private static void print(String what, KvmBinaryForm form, KvmVcpu vcpu) throws IOException {
    List<String> names = form.names().names();
    long[] values = new long[form.info()];
    for (int i = 0; i < 3; i++) {
      vcpu.run(); // Until it writes to its port.
      form.data(MemorySegment.ofArray(values));
      System.out.println(what + ", " + form.info() + " statistics:");
      for (int n = 0; n < values.length; n++) {
        System.out.println("  " + names.get(n) + " " + Long.toUnsignedString(values[n]));
      }
    }
  }
}
