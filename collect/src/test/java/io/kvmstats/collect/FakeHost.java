package io.kvmstats.collect;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.Source;
import io.kvmstats.acquire.StatsBytes;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import io.kvmstats.core.statsfd.StatsFileEncoder;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.Errno;
import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * A host that a seed makes up: its VMs come, go, hang, are reset, shrink, fail and lie, and time
 * passes when it says so.
 */
final class FakeHost implements Surroundings {
  private static final int SELF = Math.toIntExact(ProcessHandle.current().pid());
  private static final int HEADER_BYTES = 24;
  private static final int PIDS = 4; // So few that they come again.
  private static final int[] ERRORS = {Errno.EIO, Errno.EBADF, Errno.EINTR, Errno.EINVAL};

  private static final int COUNTER = Descriptor.flags(StatType.CUMULATIVE, Unit.NONE, Base.POW10);
  private static final int INSTANT = Descriptor.flags(StatType.INSTANT, Unit.BYTES, Base.POW2);
  private static final int HISTOGRAM =
      Descriptor.flags(StatType.LOG_HISTOGRAM, Unit.SECONDS, Base.POW10);
  private static final int UNKNOWN = 0x7;

  /** The last one takes most of the test's table. */
  private static final List<Schema> SCHEMAS =
      List.of(
          new Schema(
              List.of(
                  new Descriptor("exits", COUNTER, 0, 1, 0, 0),
                  new Descriptor("wait_hist", HISTOGRAM, -9, 4, 8, 0),
                  new Descriptor("pages", INSTANT, 0, 1, 40, 0))),
          new Schema(
              List.of(
                  new Descriptor("late", COUNTER, 0, 1, 64, 0),
                  new Descriptor("of_the_future", UNKNOWN, 0, 2, 16, 0),
                  new Descriptor("early", COUNTER, 3, 1, 0, 0))),
          new Schema(List.of(new Descriptor("far", COUNTER, 0, 1, 24_000, 0))));

  /** A process: the same one as long as it is this object. */
  static final class Process {
    final Vmm.Key key;
    final List<KernelObject> objects = new ArrayList<>();

    /** Changes when the process opens or closes descriptors. */
    int descriptors;

    Process(Vmm.Key key) {
      this.key = key;
    }
  }

  /** A VM or vCPU in the fake kernel: what its next reads find. */
  static final class KernelObject {
    final int vcpu;
    final Schema schema;
    final byte[] file;
    final MemorySegment data;
    final byte[] header;
    long error;
    long readable;
    long claimsMore;
    long hangsNanos;

    KernelObject(int vcpu, Schema schema) {
      this.vcpu = vcpu;
      this.schema = schema;
      byte[] nothing = new byte[(int) schema.dataBytes()];
      this.file =
          StatsFileEncoder.encode(
              "kvm-1", schema, MemorySegment.ofArray(nothing), ByteOrder.nativeOrder());
      this.data = MemorySegment.ofArray(file).asSlice(file.length - nothing.length);
      this.readable = nothing.length;
      this.header = Arrays.copyOf(file, HEADER_BYTES);
    }

    /** Its header is a lie: it can't be acquired. */
    void lie() {
      Arrays.fill(file, 0, HEADER_BYTES, (byte) 0xff);
    }

    void tellTheTruth() {
      System.arraycopy(header, 0, file, 0, HEADER_BYTES);
    }
  }

  /** What one read of an object returned, and the times the reader saw around it. */
  static final class Read {
    long returned;
    byte[] data = new byte[0];
    long before;
    long after;
  }

  /** This process's own descriptor of an object; remembers what was read through it. */
  final class FakeFd implements StatsBytes {
    final KernelObject object;
    final List<Read> reads = new ArrayList<>();
    boolean closed;

    FakeFd(KernelObject object) {
      this.object = object;
      fds.add(this);
    }

    @Override
    public long tryPread(MemorySegment into, long offset) {
      if (closed) {
        throw new IllegalStateException("read after it was closed");
      }
      if (offset != object.file.length - object.data.byteSize()) {
        throw new IllegalStateException("read at " + offset);
      }
      Read read = new Read();
      read.before = now;
      now += object.hangsNanos;
      read.returned = object.error;
      if (object.error == 0) {
        read.data = object.data.asSlice(0, object.readable).toArray(ValueLayout.JAVA_BYTE);
        MemorySegment.copy(object.data, 0, into, 0, object.readable);
        read.returned = object.readable + object.claimsMore;
      }
      reads.add(read);
      unfinished = read;
      return read.returned;
    }

    @Override
    public long read(long offset, MemorySegment into) {
      long length = Math.clamp(object.file.length - offset, 0, into.byteSize());
      MemorySegment.copy(MemorySegment.ofArray(object.file), offset, into, 0, length);
      return length;
    }

    @Override
    public boolean isHeldBy(int pid, int number) {
      return processes.stream()
          .filter(process -> process.key.pid() == pid)
          .anyMatch(
              process -> number < process.objects.size() && process.objects.get(number) == object);
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  final List<Process> processes = new ArrayList<>();

  /** Every descriptor that was ever given out. */
  final List<FakeFd> fds = new ArrayList<>();

  /** What the last scan that worked listed, and the objects that each had then. */
  Map<Vmm.Key, List<KernelObject>> listed = Map.of();

  /** How many objects were acquired after they had been refused. */
  int grantedLater;

  private final Random random;
  private long now;
  private long starts;
  private boolean scanFails;
  private Read unfinished = new Read();

  FakeHost(Random random) {
    this.random = random;
    // Near the end of the numbers, too: monotonic time may start anywhere, and wrap.
    this.now = random.nextBoolean() ? random.nextLong() : Long.MAX_VALUE - random.nextInt(1000);
  }

  @Override
  public long nanoTime() {
    now += random.nextInt(3) * 500L;
    unfinished.after = now;
    unfinished = new Read(); // Nobody's.
    return now;
  }

  @Override
  public Host.Scan scan() throws IOException {
    if (scanFails) {
      throw new IOException("/proc: made to fail");
    }
    List<Vmm> vmms = new ArrayList<>();
    for (Process process : processes) {
      // The kinds and numbers only have to differ when the process's descriptors do.
      List<KvmFd> held = List.of(new KvmFd(KvmFd.Kind.VM, process.descriptors, KvmFd.NO_VCPU));
      vmms.add(
          new Vmm(
              Pidfd.open(SELF),
              process.key,
              "fake",
              VmIdentity.UNKNOWN,
              held,
              List.of(),
              List.of(),
              List.of()));
    }
    listed =
        processes.stream()
            .collect(Collectors.toMap(process -> process.key, p -> List.copyOf(p.objects)));
    return new Host.Scan(List.copyOf(vmms), List.of());
  }

  /** Each process is another user's. */
  @Override
  public int user(Vmm vmm) {
    return vmm.pid();
  }

  @Override
  public AcquiredVmm acquire(Vmm vmm) {
    return acquire(vmm, List.of());
  }

  @Override
  public AcquiredVmm retry(AcquiredVmm before) {
    AcquiredVmm now = acquire(before.vmm(), before.objects());
    grantedLater += now.objects().size() - before.objects().size();
    return now;
  }

  private AcquiredVmm acquire(Vmm vmm, List<StatsObject> known) {
    List<StatsObject> objects = new ArrayList<>();
    Optional<String> shortfall = Optional.empty();
    for (Process process : processes) {
      if (process.key.equals(vmm.key())) {
        for (int number = 0; number < process.objects.size(); number++) {
          KernelObject object = process.objects.get(number);
          try {
            objects.add(acquire(object, number, known));
          } catch (IOException e) {
            shortfall = Optional.of(String.valueOf(e.getMessage()));
          }
        }
      }
    }
    return new AcquiredVmm(vmm, List.copyOf(objects), shortfall, shortfall.isPresent());
  }

  private StatsObject acquire(KernelObject object, int number, List<StatsObject> known)
      throws IOException {
    for (StatsObject before : known) {
      if (((FakeFd) before.bytes()).object == object) {
        return before;
      }
    }
    FakeFd fd = new FakeFd(object);
    try {
      StatsFile file = StatsFileDecoder.decode(fd, ByteOrder.nativeOrder());
      return new StatsObject(held(number, object.vcpu), file, fd, Source.DUP);
    } catch (IOException e) {
      fd.close();
      throw e;
    }
  }

  private static KvmFd held(int number, int vcpu) {
    KvmFd.Kind kind = vcpu == KvmFd.NO_VCPU ? KvmFd.Kind.VM_STATS : KvmFd.Kind.VCPU_STATS;
    return new KvmFd(kind, number, vcpu);
  }

  /** Something happens, or nothing. */
  void happen() {
    now += random.nextInt(4) * 250_000_000L;
    scanFails = random.nextInt(12) == 0;
    switch (random.nextInt(7)) {
      case 0 -> start();
      case 1 -> end();
      case 2 -> plug();
      case 3 -> again();
      default -> processes.forEach(process -> process.objects.forEach(this::move));
    }
  }

  private void start() {
    int pid = 100 + random.nextInt(PIDS);
    if (processes.stream().noneMatch(process -> process.key.pid() == pid)) {
      Process process = new Process(new Vmm.Key(pid, ++starts));
      int objects = random.nextInt(5);
      for (int i = 0; i < objects; i++) {
        process.objects.add(object(i - 1));
      }
      processes.add(process);
    }
  }

  private void end() {
    if (!processes.isEmpty()) {
      processes.remove(random.nextInt(processes.size()));
    }
  }

  /** A vCPU comes or goes. */
  private void plug() {
    if (!processes.isEmpty()) {
      Process process = processes.get(random.nextInt(processes.size()));
      process.descriptors++;
      if (random.nextBoolean() && !process.objects.isEmpty()) {
        process.objects.removeLast();
      } else {
        process.objects.add(object(process.objects.size()));
      }
    }
  }

  /** A process makes its VM anew, and its descriptors get the numbers that the old ones had. */
  private void again() {
    if (!processes.isEmpty()) {
      Process process = processes.get(random.nextInt(processes.size()));
      process.objects.replaceAll(object -> object(object.vcpu));
    }
  }

  /** {@return an object that does not lie} */
  KernelObject plain(int vcpu) {
    return new KernelObject(vcpu, SCHEMAS.getFirst());
  }

  private KernelObject object(int vcpu) {
    KernelObject object = new KernelObject(vcpu, SCHEMAS.get(random.nextInt(SCHEMAS.size())));
    if (random.nextInt(15) == 0) {
      object.lie();
    }
    return object;
  }

  /** Its values move, and what its reads are like. */
  private void move(KernelObject object) {
    long bytes = object.data.byteSize();
    object.error = random.nextInt(8) == 0 ? -ERRORS[random.nextInt(ERRORS.length)] : 0;
    object.readable = random.nextInt(8) == 0 ? random.nextLong(bytes + 1) : bytes;
    object.claimsMore =
        object.readable == bytes && random.nextInt(8) == 0 ? 1 + random.nextInt(9999) : 0;
    object.hangsNanos = random.nextInt(20) == 0 ? 30_000_000_000L : 0;
    if (random.nextInt(4) == 0) {
      object.tellTheTruth();
    }
    boolean reset = random.nextInt(10) == 0;
    boolean lies = random.nextInt(10) == 0;
    for (long at = 0; at < bytes; at += Long.BYTES) {
      long value = object.data.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
      long next = value + random.nextInt(5) * (long) random.nextInt(1 << 20);
      object.data.set(
          ValueLayout.JAVA_LONG_UNALIGNED, at, reset ? 0 : lies ? random.nextLong() : next);
    }
  }
}
