package io.kvmstats.openmetrics;

import io.kvmstats.acquire.Source;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import io.kvmstats.discover.BootTime;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.VmUuid;
import io.kvmstats.discover.Vmm;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongUnaryOperator;

/** VMs that nobody runs, with the schemas of a real kernel's or any others. */
final class Hosts {
  static final long NOW = 5_000_000_000_000L;
  static final long BOOT_SECONDS = 1_700_000_000L;
  static final Health HEALTH = new Health(true, 2, 0.001234567, "0.1.0");

  static final Schema VM = kernels("vm");
  static final Schema VCPU = kernels("vcpu");

  private Hosts() {}

  /** What Linux 6.18 on x86-64 has, by a file that it wrote. */
  private static Schema kernels(String object) {
    Path file =
        Path.of("../core/src/test/resources/io/kvmstats/core/statsfd")
            .resolve("linux-6.18-x86_64-" + object + ".bin");
    try {
      StatsFile decoded =
          StatsFileDecoder.decode(
              ByteSource.of(MemorySegment.ofArray(Files.readAllBytes(file))),
              ByteOrder.LITTLE_ENDIAN);
      return decoded.schema();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Descriptors one behind the other. */
  static final class Stats {
    private final List<Descriptor> list = new ArrayList<>();
    private long offset;

    Stats add(String name, int flags, int exponent, int size, long bucketSize) {
      list.add(new Descriptor(name, flags, exponent, size, offset, bucketSize));
      offset = list.getLast().end();
      return this;
    }

    Stats add(String name, StatType type, Unit unit, int exponent) {
      Base base = unit == Unit.BYTES ? Base.POW2 : Base.POW10;
      return add(name, Descriptor.flags(type, unit, base), exponent, 1, 0);
    }

    Schema schema() {
      return new Schema(list);
    }
  }

  /** An object read a second ago, with a value for each of its numbers by their index. */
  static ObjectView object(int vcpu, int fd, Schema schema, LongUnaryOperator values) {
    long[] data = new long[Math.toIntExact(schema.dataBytes() / Long.BYTES)];
    Arrays.setAll(data, i -> values.applyAsLong(i));
    return object(vcpu, fd, schema, MemorySegment.ofArray(data));
  }

  static ObjectView object(int vcpu, int fd, Schema schema, MemorySegment data) {
    long time = NOW - 1_500_000_000L;
    Sample sample = new Sample(schema, time - 1000, time, data, ByteOrder.nativeOrder());
    Optional<Reading> reading = Optional.of(new Reading(sample, Optional.empty()));
    return new ObjectView(vcpu, fd, "kvm-" + fd, schema, () -> reading);
  }

  static ObjectView unreadable(int vcpu, int fd, Schema schema) {
    return new ObjectView(vcpu, fd, "kvm-" + fd, schema, Optional::empty);
  }

  static VmmView vmm(int pid, String name, List<ObjectView> objects) {
    return vmm(pid, name, 1, false, Optional.empty(), objects);
  }

  static VmmView vmm(
      int pid,
      String name,
      int vms,
      boolean isPublished,
      Optional<String> shortfall,
      List<ObjectView> objects) {
    Optional<VmName> called =
        name.isEmpty() ? Optional.empty() : Optional.of(new VmName(name, "-name"));
    Optional<VmUuid> uuid = Optional.of(new VmUuid(new UUID(pid, pid), "-uuid"));
    return new VmmView(
        new Vmm.Key(pid, 123_456 + pid),
        "qemu-system-x86_64",
        new VmIdentity(called, uuid),
        vms,
        objects.stream().map(ObjectView::vcpu).filter(vcpu -> vcpu >= 0).sorted().toList(),
        objects.isEmpty() ? Optional.empty() : Optional.of(Source.DUP),
        isPublished,
        shortfall,
        objects);
  }

  /** A VM of the kernel's, with plausible numbers from a seed. */
  static VmmView kernels(int pid, String name, int vcpus, Random random) {
    List<ObjectView> objects = new ArrayList<>();
    objects.add(object(KvmFd.NO_VCPU, 10, VM, i -> random.nextLong(1L << random.nextInt(1, 63))));
    for (int i = 0; i < vcpus; i++) {
      objects.add(object(i, 20 + i, VCPU, at -> random.nextLong(1L << random.nextInt(1, 45))));
    }
    return vmm(pid, name, objects);
  }

  static Exposition exposition(Selection selection) {
    return new Exposition(selection, Optional.of(new BootTime(BOOT_SECONDS)), () -> NOW);
  }

  static Exposition exposition(Detail detail) {
    return exposition(new Selection(detail, List.of(), List.of()));
  }

  static byte[] write(Exposition exposition, List<VmmView> vmms, Format format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    exposition.write(vmms, HEALTH, format, Set.of(), out);
    return out.toByteArray();
  }

  static String text(Exposition exposition, List<VmmView> vmms, Format format) throws IOException {
    return new String(write(exposition, vmms, format), StandardCharsets.UTF_8);
  }
}
