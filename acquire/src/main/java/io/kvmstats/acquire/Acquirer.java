package io.kvmstats.acquire;

import static java.util.stream.Collectors.toSet;

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
import java.util.Comparator;
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

  /** What a descriptor takes of our memory beside its name, roughly. */
  private static final long DESCRIPTOR_BYTES = 64;

  private static final String ATTACH_HELPS =
      "; --attach has it open them, which stops a thread of it for a moment, once per VM and vCPU";

  /** One schema for all objects that have it; weak, since a VMM could go on inventing new ones. */
  private final Map<Schema, WeakReference<Schema>> schemas = new WeakHashMap<>();

  private final boolean attach;
  private final Handed handed;
  private final List<FurtherSource> further;
  private final FurtherSource debugfs;

  /** Makes an acquirer that shares schemas among all it acquires, and disturbs nobody. */
  public Acquirer() {
    this(false, List.of());
  }

  /**
   * Makes an acquirer that shares schemas among all it acquires.
   *
   * @param attach whether to have the threads of a VMM open stats fds that it does not keep: see
   *     {@link Source#ATTACH}
   * @param further what to try then, in this order, before debugfs
   */
  public Acquirer(boolean attach, List<FurtherSource> further) {
    this(attach, further, new Handed());
  }

  /**
   * Makes an acquirer that shares schemas among all it acquires.
   *
   * @param attach as above
   * @param further as above
   * @param handed what processes hand in
   */
  public Acquirer(boolean attach, List<FurtherSource> further, Handed handed) {
    this(attach, further, handed, new Debugfs());
  }

  Acquirer(boolean attach, List<FurtherSource> further, FurtherSource debugfs) {
    this(attach, further, new Handed(), debugfs);
  }

  private Acquirer(
      boolean attach, List<FurtherSource> further, Handed handed, FurtherSource debugfs) {
    this.attach = attach;
    this.further = List.copyOf(further);
    this.handed = handed;
    this.debugfs = debugfs;
  }

  /**
   * Acquires a VM of this process.
   *
   * @param vm of this process; may be closed afterwards
   * @return its statistics
   * @throws IOException when there is no stats fd, or it can't be decoded
   */
  public StatsObject own(KvmVm vm) throws IOException {
    Fd fd = vm.statsFd();
    KvmFd own = new KvmFd(KvmFd.Kind.VM_STATS, fd.number(), KvmFd.NO_VCPU);
    return object(own, new StatsFd(fd), Source.OWN);
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
    KvmFd own = new KvmFd(KvmFd.Kind.VCPU_STATS, fd.number(), vcpu.id());
    return object(own, new StatsFd(fd), Source.OWN);
  }

  /**
   * Acquires all that can be of another process's VMs. What can't be is told in the result, never
   * thrown: it is that VM's trouble alone.
   *
   * @param vmm the process; belongs to the result from now on
   * @return what can be read of it
   */
  public AcquiredVmm acquire(Vmm vmm) {
    return acquire(vmm, List.of());
  }

  /**
   * Tries again what was refused, and looks again for threads that were not known. What is read
   * already is not touched, and none of the VMM's threads is stopped for it again.
   *
   * @param before what could be read; its process and objects belong to the result from now on
   * @return what can be read now: the same objects, and more if there are
   */
  public AcquiredVmm retry(AcquiredVmm before) {
    if (before.refused()) {
      return acquire(before.vmm(), before.objects());
    }
    new VcpuThreads(before.vmm(), before.objects()).find();
    return before;
  }

  private AcquiredVmm acquire(Vmm vmm, List<StatsObject> known) {
    List<StatsObject> objects = new ArrayList<>(known);
    try {
      return acquire(vmm, known, objects);
    } catch (RuntimeException e) {
      objects.removeAll(known);
      objects.forEach(StatsObject::close); // Whoever lives on after a bug has not lost them.
      throw e;
    }
  }

  /**
   * Acquires what is missing.
   *
   * @param objects begins with what is known, and has by and by what is acquired
   */
  private AcquiredVmm acquire(Vmm vmm, List<StatsObject> known, List<StatsObject> objects) {
    List<KvmFd> fds = Stream.concat(vmm.vmStats().stream(), vmm.vcpuStats().stream()).toList();
    if (vmm.isPublished() && fds.size() > OBJECTS_MAX) {
      return refused(vmm, known, fds.size() + " VMs and vCPUs: no more than " + OBJECTS_MAX);
    }
    List<String> refusals = new ArrayList<>();
    Known there = new Known(known, holdsOneVm(vmm));
    Set<Integer> vcpus = new HashSet<>();
    known.forEach(object -> vcpus.add(object.vcpu()));
    Published read = new Published();
    known.forEach(read::add);
    for (KvmFd fd : fds.subList(0, Math.min(fds.size(), OBJECTS_MAX))) {
      // A VM's vCPU numbers are unique: a second stats fd of one is the same object's.
      boolean isThere = there.one ? vcpus.contains(fd.vcpu()) : there.has(fd) || there.isAttached();
      if (!isThere && add(fd, () -> open(vmm, fd), objects, refusals)) {
        vcpus.add(fd.vcpu());
        read.add(objects.getLast());
      }
      if (vmm.isPublished() && read.bytes > PUBLISHED_BYTES_MAX) {
        objects.subList(known.size(), objects.size()).forEach(StatsObject::close);
        return refused(vmm, known, read.bytes + " bytes: no more than " + PUBLISHED_BYTES_MAX);
      }
    }
    boolean canAttach = there.one || known.isEmpty() || there.isAttached();
    if (attach && canAttach && !vmm.isPublished() && missing(vmm, objects).isPresent()) {
      attach(vmm, objects, there, refusals);
    }
    Optional<String> shortfall = shortfall(vmm, objects, refusals);
    List<String> remarks = new ArrayList<>();
    boolean refused = !refusals.isEmpty();
    if (!vmm.isPublished()) {
      for (FurtherSource source : further) {
        refused |= add(source, vmm, objects, remarks);
      }
      if (objects.isEmpty()) { // Beside one of these, the sums over all would say little.
        add(debugfs, vmm, objects, remarks);
      }
    }
    objects.sort(Comparator.comparingInt(StatsObject::vcpu));
    new VcpuThreads(vmm, objects).find();
    return new AcquiredVmm(
        vmm, List.copyOf(objects), shortfall.map(why -> why + String.join("", remarks)), refused);
  }

  /** Counted, since where they stand in the file is its maker's to choose. */
  private static long descriptionBytes(Schema schema) {
    return schema.descriptors().stream()
        .mapToLong(descriptor -> DESCRIPTOR_BYTES + descriptor.name().length())
        .sum();
  }

  /**
   * What was acquired before.
   *
   * @param objects which stay as they are
   * @param one whether the process holds one VM: then a vCPU's number tells which object it is
   */
  private record Known(List<StatsObject> objects, boolean one) {
    boolean has(KvmFd fd) {
      return objects.stream().anyMatch(object -> object.held().equals(fd));
    }

    boolean isAttached() {
      return objects.stream().anyMatch(object -> object.source() == Source.ATTACH);
    }
  }

  /** How many bytes one process has us read, and keep. */
  private static final class Published {
    final Set<Schema> described = new HashSet<>();
    long bytes;

    void add(StatsObject object) {
      Schema schema = object.file().schema();
      bytes += schema.dataBytes();
      // Every schema of its own is kept here, too, and all may have thousands of names.
      bytes += described.add(schema) ? descriptionBytes(schema) : 0;
    }
  }

  /** {@return whether this way was refused, which it may not be another time} */
  private static boolean add(
      FurtherSource source, Vmm vmm, List<StatsObject> objects, List<String> remarks) {
    List<KvmFd> without = without(vmm, objects);
    if (without.isEmpty()) {
      return false;
    }
    try {
      FurtherSource.Found found = source.acquire(vmm, without);
      objects.addAll(found.objects());
      found.limits().ifPresent(limits -> remarks.add("; " + limits));
      return false;
    } catch (IOException e) {
      remarks.add("; " + e.getMessage());
      return true;
    }
  }

  /** {@return the VMs and vCPUs without statistics; none where it can't be told which these are} */
  private static List<KvmFd> without(Vmm vmm, List<StatsObject> objects) {
    if (!objects.isEmpty() && !holdsOneVm(vmm)) {
      return List.of();
    }
    Set<Integer> there = objects.stream().map(StatsObject::vcpu).collect(toSet());
    return Stream.concat(vmm.vms().stream(), vmm.vcpus().stream())
        .filter(fd -> !there.contains(fd.vcpu()))
        .limit(OBJECTS_MAX)
        .toList();
  }

  private static AcquiredVmm refused(Vmm vmm, List<StatsObject> known, String what) {
    return new AcquiredVmm(
        vmm, known, Optional.of("the process publishes " + what + " are read"), true);
  }

  /** Adds what is missing; if that can't be told, all takes the place of what is there. */
  private void attach(Vmm vmm, List<StatsObject> objects, Known known, List<String> refusals) {
    refusals.clear(); // What could not be duplicated is opened anew.
    if (!known.one && !known.isAttached()) {
      objects.forEach(StatsObject::close);
      objects.clear();
    }
    Attach attaching = new Attach(vmm);
    Set<Integer> there = objects.stream().map(StatsObject::vcpu).collect(toSet());
    Stream.concat(vmm.vms().stream(), vmm.vcpus().stream())
        .filter(fd -> known.one ? !there.contains(fd.vcpu()) : !known.has(fd))
        .limit(OBJECTS_MAX)
        .forEach(
            fd -> add(fd, () -> object(fd, attaching.open(fd), Source.ATTACH), objects, refusals));
  }

  /** Two vCPUs of one number are two VMs', also where only one of these is still open. */
  static boolean holdsOneVm(Vmm vmm) {
    long numbers = vmm.vcpus().stream().mapToInt(KvmFd::vcpu).distinct().count();
    return vmm.vms().size() <= 1 && numbers == vmm.vcpus().size();
  }

  private StatsObject open(Vmm vmm, KvmFd theirs) throws IOException {
    Optional<Fd> fd = handed.find(vmm.pid(), theirs);
    return fd.isPresent() ? handed(theirs, fd.get()) : dup(vmm, theirs);
  }

  private StatsObject handed(KvmFd theirs, Fd fd) throws IOException {
    try {
      Descriptors.expectRoom(fd);
    } catch (IOException e) {
      fd.close();
      throw e;
    }
    return object(theirs, new HandedFd(new StatsFd(fd)), Source.HANDED);
  }

  private StatsObject dup(Vmm vmm, KvmFd theirs) throws IOException {
    Fd fd = vmm.process().getfd(theirs.number());
    try {
      Descriptors.expectRoom(fd);
      StatsFd.expect(fd, theirs.link());
      if (theirs.kind().isPublished()) {
        Seals.check(fd); // Before anything is read: a read of what only has the name might block.
      }
    } catch (IOException | RuntimeException e) {
      fd.close();
      throw e;
    }
    return object(theirs, new StatsFd(fd), Source.DUP);
  }

  /** Something that may be refused. */
  private interface Attempt {
    StatsObject make() throws IOException;
  }

  /** {@return whether it could be acquired} */
  private static boolean add(
      KvmFd theirs, Attempt attempt, List<StatsObject> objects, List<String> refusals) {
    try {
      objects.add(attempt.make());
      return true;
    } catch (LinuxException e) {
      refusals.add(e.getMessage() + hint(e.errno()));
    } catch (IOException e) {
      refusals.add(theirs.link() + ": " + e.getMessage());
    }
    return false;
  }

  private static String hint(int errno) {
    return switch (errno) {
      case Errno.EPERM ->
          ": run as root or the VMM's user, where kernel.yama.ptrace_scope allows it";
      case Errno.EMFILE -> ": raise this process's limit of descriptors (ulimit -Hn, LimitNOFILE=)";
      default -> "";
    };
  }

  private Optional<String> shortfall(Vmm vmm, List<StatsObject> objects, List<String> refusals) {
    int open = vmm.vmStats().size() + vmm.vcpuStats().size();
    if (open > OBJECTS_MAX) {
      return Optional.of(
          "the VMM has " + open + " stats fds open: no more than " + OBJECTS_MAX + " are read");
    }
    if (refusals.size() > 1) {
      return Optional.of(
          refusals.getFirst() + "; and " + (refusals.size() - 1) + " more like this");
    }
    if (!refusals.isEmpty()) {
      return Optional.of(refusals.getFirst());
    }
    boolean helps = !attach && !vmm.isPublished() && Attach.isPossible();
    return missing(vmm, objects).map(why -> helps ? why + ATTACH_HELPS : why);
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

  private StatsObject object(KvmFd held, StatsBytes bytes, Source source) throws IOException {
    try {
      StatsFile file = StatsFileDecoder.decode(bytes, ByteOrder.nativeOrder());
      Schema schema = file.schema();
      boolean hasThread =
          source != Source.OWN && held.vcpu() != KvmFd.NO_VCPU && !held.kind().isPublished();
      return new StatsObject(
          held,
          new StatsFile(
              file.id(),
              intern(hasThread ? ThreadTimes.behind(schema) : schema),
              file.dataOffset()),
          hasThread ? new VcpuBytes(bytes, file.dataOffset(), schema.dataBytes()) : bytes,
          source);
    } catch (IOException | RuntimeException e) {
      bytes.close();
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
