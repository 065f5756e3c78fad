package io.kvmstats.collect;

import io.kvmstats.acquire.Source;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.Vmm;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A VMM, for those who show it: what it is, and its objects.
 *
 * @param key the process
 * @param program the VMM's program, such as {@code qemu-system-x86_64}
 * @param identity what its VM is called, where that is known
 * @param vms how many VMs it has
 * @param vcpus the numbers of its vCPUs, in order; also of those that can't be read
 * @param source how its objects are read, if any is; where in several ways, the last one tried
 * @param isPublished whether its statistics are the process's own account
 * @param shortfall why not everything can be read, and what would help; empty when all can
 * @param objects its VMs, then its vCPUs, by number; empty when there is no source
 */
public record VmmView(
    Vmm.Key key,
    String program,
    VmIdentity identity,
    int vms,
    List<Integer> vcpus,
    Optional<Source> source,
    boolean isPublished,
    Optional<String> shortfall,
    List<ObjectView> objects) {

  /** {@return a view of what was collected} */
  static VmmView of(CollectedVmm collected) {
    Vmm vmm = collected.acquired().vmm();
    return new VmmView(
        vmm.key(),
        vmm.program(),
        vmm.identity(),
        vmm.vms().size(),
        vmm.vcpus().stream().map(KvmFd::vcpu).sorted().toList(),
        collected.acquired().source(),
        vmm.isPublished(),
        collected.acquired().shortfall(),
        collected.objects().stream().map(ObjectView::of).toList());
  }

  /** {@return what its VM is called, where that is known} */
  public Optional<VmName> name() {
    return identity.name();
  }

  /** {@return the pid, for people: see {@link Vmm.Key}} */
  public int pid() {
    return key.pid();
  }

  /**
   * {@return the numbers of objects that do not tell them from each other, for which it takes
   * {@link ObjectView#fd}: of one VM there are none}
   */
  public Set<Integer> ambiguous() {
    Set<Integer> seen = new HashSet<>();
    return objects.stream()
        .map(ObjectView::vcpu)
        .filter(number -> !seen.add(number) || vms > 1)
        .collect(Collectors.toSet());
  }

  /** {@return whether its VM's numbers are those of its vCPUs too, since nobody else has them} */
  public boolean hasSums() {
    return source.filter(by -> by == Source.DEBUGFS).isPresent()
        && objects.stream().noneMatch(ObjectView::isVcpu);
  }
}
