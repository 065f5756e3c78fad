package io.kvmstats.acquire;

import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.Errno;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import io.kvmstats.linux.LinuxException;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.stream.Stream;

/** Opens sources of statistics. */
public final class Acquirer {
  /** A VM has at most 4,096 vCPUs (x86, Linux 6.12); a VMM must not use up our descriptors. */
  private static final int OBJECTS_MAX = 8192;

  /**
   * No more than this of a process's published data is read: 4,096 vCPUs of x86 have 4.3 MiB, and
   * anybody may publish.
   */
  private static final long PUBLISHED_BYTES_MAX = 8 << 20;

  /** One schema for all objects that have it; weak, since a VMM could go on inventing new ones. */
  private final Map<Schema, WeakReference<Schema>> schemas = new WeakHashMap<>();

  /** Makes an acquirer that shares schemas among all it acquires. */
  public Acquirer() {}

  /**
   * Acquires a VM of this process.
   *
   * @param vm of this process; may be closed afterwards
   * @return its statistics
   * @throws IOException when there is no stats fd, or it can't be decoded
   */
  public StatsObject own(KvmVm vm) throws IOException {
    Fd fd = vm.statsFd();
    return object(new KvmFd(KvmFd.Kind.VM_STATS, fd.number(), KvmFd.NO_VCPU), fd, Source.OWN);
  }

  /**
   * Acquires a vCPU of this process. Waits until the vCPU is not in KVM_RUN: do it before it runs.
   *
   * @param vcpu of this process; may be closed afterwards
   * @return its statistics
   * @throws IOException when there is no stats fd, or it can't be decoded
   */
  public StatsObject own(KvmVcpu vcpu) throws IOException {
    Fd fd = vcpu.statsFd();
    return object(new KvmFd(KvmFd.Kind.VCPU_STATS, fd.number(), vcpu.id()), fd, Source.OWN);
  }

  /**
   * Acquires all that can be of another process's VMs. What can't be is told in the result, never
   * thrown: it is that VM's trouble alone.
   *
   * @param vmm the process; belongs to the result from now on
   * @return what can be read of it
   */
  public AcquiredVmm acquire(Vmm vmm) {
    List<KvmFd> fds = Stream.concat(vmm.vmStats().stream(), vmm.vcpuStats().stream()).toList();
    if (vmm.isPublished() && fds.size() > OBJECTS_MAX) {
      return refused(vmm, fds.size() + " VMs and vCPUs: no more than " + OBJECTS_MAX);
    }
    List<StatsObject> objects = new ArrayList<>();
    List<String> refusals = new ArrayList<>();
    boolean one = holdsOneVm(vmm);
    Set<Integer> vcpus = new HashSet<>();
    long dataBytes = 0;
    for (KvmFd fd : fds.subList(0, Math.min(fds.size(), OBJECTS_MAX))) {
      // A VM's vCPU numbers are unique: a second stats fd of one is the same object's.
      if ((!one || !vcpus.contains(fd.vcpu())) && dup(vmm, fd, objects, refusals)) {
        vcpus.add(fd.vcpu());
        dataBytes += objects.getLast().file().schema().dataBytes();
      }
      if (vmm.isPublished() && dataBytes > PUBLISHED_BYTES_MAX) {
        objects.forEach(StatsObject::close);
        return refused(vmm, dataBytes + " bytes of data: no more than " + PUBLISHED_BYTES_MAX);
      }
    }
    return new AcquiredVmm(vmm, List.copyOf(objects), shortfall(vmm, objects, refusals));
  }

  private static AcquiredVmm refused(Vmm vmm, String what) {
    return new AcquiredVmm(
        vmm, List.of(), Optional.of("the process publishes " + what + " are read"));
  }

  /** Two vCPUs of one number are two VMs', also where only one of these is still open. */
  private static boolean holdsOneVm(Vmm vmm) {
    long numbers = vmm.vcpus().stream().mapToInt(KvmFd::vcpu).distinct().count();
    return vmm.vms().size() <= 1 && numbers == vmm.vcpus().size();
  }

  /** {@return whether it could be acquired} */
  private boolean dup(Vmm vmm, KvmFd theirs, List<StatsObject> objects, List<String> refusals) {
    try {
      objects.add(object(theirs, vmm.process().getfd(theirs.number()), Source.DUP));
      return true;
    } catch (LinuxException e) {
      refusals.add(e.getMessage() + hint(e.errno()));
    } catch (IOException e) {
      refusals.add(theirs.link() + ": " + e.getMessage());
    }
    return false;
  }

  private static String hint(int errno) {
    return errno == Errno.EPERM
        ? ": run as root or the VMM's user, where kernel.yama.ptrace_scope allows it"
        : "";
  }

  private static Optional<String> shortfall(
      Vmm vmm, List<StatsObject> objects, List<String> refusals) {
    int open = vmm.vmStats().size() + vmm.vcpuStats().size();
    if (open > OBJECTS_MAX) {
      return Optional.of(
          "the VMM has " + open + " stats fds open: no more than " + OBJECTS_MAX + " are read");
    }
    if (refusals.size() > 1) {
      return Optional.of(
          refusals.getFirst() + "; and " + (refusals.size() - 1) + " more like this");
    }
    return refusals.isEmpty() ? missing(vmm, objects) : Optional.of(refusals.getFirst());
  }

  /** {@return what the VMM keeps from us by not having it open} */
  private static Optional<String> missing(Vmm vmm, List<StatsObject> objects) {
    if (objects.isEmpty()) {
      return Optional.of(
          "the VMM keeps no stats fd open (QEMU does since 8.1): there is nothing to duplicate");
    }
    long vcpus = objects.stream().filter(StatsObject::isVcpu).count();
    long vms = objects.size() - vcpus;
    if (vcpus > vmm.vcpus().size() || vms > vmm.vms().size()) {
      return Optional.of(
          "it has more stats fds open than VMs and vCPUs: which of them are one object's can't be"
              + " told in a process with several VMs");
    }
    List<String> missing = new ArrayList<>();
    if (vcpus < vmm.vcpus().size()) {
      missing.add((vmm.vcpus().size() - vcpus) + " of " + vmm.vcpus().size() + " vCPUs");
    }
    if (vms < vmm.vms().size()) {
      missing.add("the VM's own statistics");
    }
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of("the VMM keeps no stats fd open for " + String.join(" and ", missing));
  }

  private StatsObject object(KvmFd expected, Fd fd, Source source) throws IOException {
    StatsFd bytes = new StatsFd(fd);
    try {
      // A number is another file's as soon as its owner closes it and opens the next.
      if (!fd.link().equals(expected.link())) {
        throw new IOException(fd + " has become " + fd.link());
      }
      if (expected.kind().isPublished()) {
        Seals.check(fd); // Before anything is read: a read of what only has the name might block.
      }
      StatsFile file = StatsFileDecoder.decode(bytes, ByteOrder.nativeOrder());
      StatsFile shared = new StatsFile(file.id(), intern(file.schema()), file.dataOffset());
      return new StatsObject(expected, shared, bytes, source);
    } catch (IOException | RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  private Schema intern(Schema schema) {
    WeakReference<Schema> reference = schemas.get(schema);
    Schema known = reference == null ? null : reference.get();
    if (known != null) {
      return known;
    }
    schemas.put(schema, new WeakReference<>(schema));
    return schema;
  }
}
