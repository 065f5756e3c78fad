package io.kvmstats.publish;

import io.kvmstats.core.binaryform.Abi;
import io.kvmstats.core.binaryform.ServedVm;
import io.kvmstats.core.binaryform.UserMemory;
import io.kvmstats.core.model.Schema;
import io.kvmstats.linux.LinuxException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A VM whose statistics are published, with its vCPUs.
 *
 * <p>Each is a memfd that this process holds: {@code kvm-vm-stats}, and {@code kvm-vcpu-stats:N}
 * for vCPU N. One thread makes vCPUs and closes; statistics are written from any.
 */
public final class PublishedVm extends PublishedObject {
  /** KVM numbers vCPUs below 16,384 on x86 (Linux 6.12); readers take six digits. */
  private static final int VCPU_MAX = 999_999;

  private final Schema ofVcpus;
  private final Map<Integer, PublishedVcpu> vcpus = new HashMap<>();

  /**
   * Publishes a VM without vCPUs.
   *
   * @param vm its own statistics; where they say that values lie is not kept
   * @param vcpu those of each vCPU
   * @throws IllegalArgumentException when they break a rule of the format (see {@link
   *     io.kvmstats.core.statsfd.StatsFileRules}) or a name is longer than 47 characters
   * @throws LinuxException EMFILE, ENOMEM; EACCES where {@code vm.memfd_noexec} is 2; EINVAL before
   *     Linux 5.1, which has not all seals
   */
  public PublishedVm(Schema vm, Schema vcpu) throws LinuxException {
    super("kvm-vm-stats", id(), SchemaBuilder.layOut(vm.descriptors()));
    this.ofVcpus = SchemaBuilder.layOut(vcpu.descriptors());
  }

  /** As the kernel's, which has the number of the thread that made the VM. */
  private static String id() {
    return "kvm-" + ProcessHandle.current().pid();
  }

  /**
   * Adds a vCPU.
   *
   * @param number that no other open vCPU of this VM has, 0 to 999,999
   * @return the vCPU, closed with this VM if not before
   * @throws IllegalArgumentException when another has that number, or none can
   * @throws LinuxException as for the VM
   */
  public PublishedVcpu addVcpu(int number) throws LinuxException {
    if (number < 0 || number > VCPU_MAX) {
      throw new IllegalArgumentException("a vCPU's number is 0 to " + VCPU_MAX + ", not " + number);
    }
    if (vcpus.containsKey(number)) {
      throw new IllegalArgumentException("there is a vCPU " + number + " already");
    }
    PublishedVcpu vcpu = new PublishedVcpu(this, number, id() + "/vcpu-" + number, ofVcpus);
    vcpus.put(number, vcpu);
    return vcpu;
  }

  void forget(PublishedVcpu vcpu) {
    vcpus.remove(vcpu.number(), vcpu);
  }

  /**
   * Serves the binary form from these statistics: all but histograms, which it does not have, with
   * names cut to 31 characters. A vCPU answers once it is {@link PublishedVcpu#serve served}.
   *
   * @param abi of who makes the ioctls
   * @param owner the address space that made the VM
   * @return what answers, as long as this is open
   */
  public ServedVm serve(Abi abi, UserMemory owner) {
    return new ServedVm(abi, owner, scalarNames(schema()), scalars(), scalarNames(ofVcpus));
  }

  @Override
  public void close() {
    List.copyOf(vcpus.values()).forEach(PublishedVcpu::close);
    super.close();
  }
}
