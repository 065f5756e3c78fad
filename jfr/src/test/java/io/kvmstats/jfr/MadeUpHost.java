package io.kvmstats.jfr;

import io.kvmstats.acquire.Source;
import io.kvmstats.collect.HostView;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import io.kvmstats.discover.Hidden;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/** A host whose VMs nobody runs. */
final class MadeUpHost implements HostView {
  static final Schema VM = kernels("vm");
  static final Schema VCPU = kernels("vcpu");

  volatile List<VmmView> vmms;
  volatile boolean canSweep = true;
  private volatile long looks;

  MadeUpHost(List<VmmView> vmms) {
    this.vmms = vmms;
  }

  /** What Linux 6.18 on x86-64 has, by a file that it wrote. */
  private static Schema kernels(String object) {
    Path file =
        Path.of("../core/src/test/resources/io/kvmstats/core/statsfd")
            .resolve("linux-6.18-x86_64-" + object + ".bin");
    try {
      return StatsFileDecoder.decode(
              ByteSource.of(MemorySegment.ofArray(Files.readAllBytes(file))),
              ByteOrder.LITTLE_ENDIAN)
          .schema();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An object with a value for each of its numbers, by their index. */
  static ObjectView object(int vcpu, int fd, Schema schema, LongUnaryOperator values) {
    long[] data = new long[Math.toIntExact(schema.dataBytes() / Long.BYTES)];
    Arrays.setAll(data, i -> values.applyAsLong(i));
    MemorySegment bytes = MemorySegment.ofArray(data);
    Sample sample = new Sample(schema, 0, 1, bytes, ByteOrder.nativeOrder());
    Reading reading = new Reading(sample, Optional.empty());
    return new ObjectView(vcpu, fd, "kvm-" + fd, schema, () -> Optional.of(reading));
  }

  static VmmView vmm(int pid, String name, int vms, boolean isPublished, ObjectView... objects) {
    return new VmmView(
        new Vmm.Key(pid, pid),
        "vmm",
        new VmIdentity(Optional.of(new VmName(name, "-name")), Optional.empty()),
        vms,
        Arrays.stream(objects).map(ObjectView::vcpu).filter(vcpu -> vcpu >= 0).sorted().toList(),
        Optional.of(Source.DUP),
        isPublished,
        Optional.empty(),
        List.of(objects));
  }

  /** A VM of the kernel's with two vCPUs, whose numbers are their places and a number more. */
  static VmmView kernels(int pid, String name, long more) {
    return vmm(
        pid,
        name,
        1,
        false,
        object(-1, 10, VM, i -> i + more),
        object(0, 20, VCPU, i -> i + more),
        object(1, 21, VCPU, i -> i + more));
  }

  @Override
  public void refresh() {
    looks++; // By one thread.
  }

  /** Waits until others have begun; the test's limit of time interrupts it. */
  void awaitLooks(int more) throws InterruptedException {
    for (long before = looks; looks < before + more; ) {
      Thread.sleep(1);
    }
  }

  @Override
  public void sweep(Duration age) throws IOException {
    if (!canSweep) {
      throw new IOException("the broker has ended");
    }
  }

  @Override
  public List<VmmView> vmms() {
    return vmms;
  }

  @Override
  public List<Hidden> hidden() {
    return List.of();
  }

  @Override
  public void close() {}
}
