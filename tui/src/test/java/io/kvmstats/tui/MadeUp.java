package io.kvmstats.tui;

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
import io.kvmstats.discover.Hidden;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.VmUuid;
import io.kvmstats.discover.Vmm;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;

/** VMs that nobody runs, and what sweeps of them would have found. */
final class MadeUp {
  static final long SECOND = 1_000_000_000L;
  static final Instant START = Instant.parse("2026-03-01T10:00:00Z");

  /** The buckets that KVM has. */
  private static final int BUCKETS = 32;

  /** As x86 has them, in the kernel's order, as many as matter here. */
  static final Schema VCPU =
      new Stats()
          .count("exits")
          .count("io_exits")
          .count("mmio_exits")
          .count("irq_exits")
          .count("halt_exits")
          .count("insn_emulation")
          .count("pf_taken")
          .count("halt_attempted_poll")
          .count("halt_successful_poll")
          .add("halt_wait_ns", StatType.CUMULATIVE, Unit.SECONDS, -9, 1, 0)
          .add("halt_wait_hist", StatType.LOG_HISTOGRAM, Unit.SECONDS, -9, BUCKETS, 0)
          .add("guest_mode", StatType.INSTANT, Unit.BOOLEAN, 0, 1, 0)
          .add("schedstat.run_ns", StatType.CUMULATIVE, Unit.SECONDS, -9, 1, 0)
          .add("schedstat.wait_ns", StatType.CUMULATIVE, Unit.SECONDS, -9, 1, 0)
          .schema();

  static final Schema VM =
      new Stats()
          .count("mmu_pte_write")
          .count("remote_tlb_flush")
          .add("pages_4k", StatType.INSTANT, Unit.NONE, 0, 1, 0)
          .add("max_mmu_page_hash_collisions", StatType.PEAK, Unit.NONE, 0, 1, 0)
          .schema();

  /** What a VMM publishes may be anything. */
  static final Schema PUBLISHED =
      new Stats()
          .count("exits")
          .count("requests")
          .add("queue", StatType.INSTANT, Unit.BYTES, 10, 1, 0)
          .add("sizes", StatType.LINEAR_HISTOGRAM, Unit.BYTES, 0, 4, 512)
          .schema();

  private MadeUp() {}

  /** Descriptors one behind the other. */
  static final class Stats {
    private final List<Descriptor> list = new ArrayList<>();
    private long offset;

    Stats count(String name) {
      return add(name, StatType.CUMULATIVE, Unit.NONE, 0, 1, 0);
    }

    Stats add(String name, StatType type, Unit unit, int exponent, int size, long bucket) {
      Base base = unit == Unit.BYTES ? Base.POW2 : Base.POW10;
      int flags = Descriptor.flags(type, unit, base);
      list.add(new Descriptor(name, flags, exponent, size, offset, bucket));
      offset += (long) size * Long.BYTES;
      return this;
    }

    Schema schema() {
      return new Schema(list);
    }
  }

  /** Gives an object's values at a second. */
  interface Values {
    /** {@return a statistic's value, or a bucket's count} */
    long at(String stat, int bucket, int second);
  }

  /** Of a vCPU that always does the same, in a rhythm of four seconds. */
  static Values vcpu(long exits, int runPercent, int waitPercent) {
    return (stat, bucket, second) -> {
      long beats = second * 10L + new int[] {0, 6, 9, 8}[second % 4];
      return switch (stat) {
        case "exits" -> exits * beats / 10;
        case "io_exits" -> exits / 10 * beats / 10;
        case "mmio_exits" -> 0;
        case "irq_exits", "pf_taken" -> exits / 20 * beats / 10;
        case "halt_exits", "halt_attempted_poll" -> exits / 2 * beats / 10;
        case "insn_emulation" -> exits / 4 * beats / 10;
        case "halt_successful_poll" -> exits / 8 * beats / 10;
        case "halt_wait_ns" -> (100 - runPercent - waitPercent) * (SECOND / 100) * second;
        case "halt_wait_hist" ->
            bucket < 10 || bucket > 20 ? 0 : exits / (1 << Math.abs(bucket - 14)) * beats / 10;
        case "guest_mode" -> second % 2;
        case "schedstat.run_ns" -> runPercent * (SECOND / 100) * second;
        case "schedstat.wait_ns" -> waitPercent * (SECOND / 100) * second;
        default -> 7L * second;
      };
    };
  }

  static Sample sample(Schema schema, Values values, int second) {
    long[] words = new long[Math.toIntExact(schema.dataBytes() / Long.BYTES)];
    for (Descriptor stat : schema.descriptors()) {
      for (int i = 0; i < stat.size(); i++) {
        words[Math.toIntExact(stat.offset() / Long.BYTES) + i] = values.at(stat.name(), i, second);
      }
    }
    return sample(schema, second * SECOND, words);
  }

  static Sample sample(Schema schema, long nanos, long... words) {
    MemorySegment data = MemorySegment.ofArray(words);
    return new Sample(schema, nanos - 500, nanos + 500, data, ByteOrder.nativeOrder());
  }

  /** An object that can be read, or one that can't: of the latter the values are empty. */
  record Thing(int vcpu, int fd, Schema schema, Optional<Values> values) {
    static Thing vm(int fd) {
      return new Thing(
          KvmFd.NO_VCPU,
          fd,
          VM,
          Optional.of((stat, bucket, second) -> stat.length() * 10L * second));
    }

    static Thing vcpu(int vcpu, int fd, Values values) {
      return new Thing(vcpu, fd, VCPU, Optional.of(values));
    }

    Thing unreadable() {
      return new Thing(vcpu, fd, schema, Optional.empty());
    }

    Observed at(int second) {
      Optional<Reading> reading =
          values.map(v ->
              new Reading(
                  sample(schema, v, second),
                  second == 0 ? Optional.empty() : Optional.of(sample(schema, v, second - 1))));
      return new Observed(
          new ObjectView(vcpu, fd, "kvm-" + fd + "/" + vcpu, schema, () -> reading), reading);
    }
  }

  /** A VMM; what tests do not care for is as usual. */
  record Process(
      int pid,
      String name,
      int vms,
      List<Integer> vcpus,
      Optional<Source> source,
      boolean isPublished,
      Optional<String> shortfall,
      List<Thing> things) {

    /** One VM, all of whose vCPUs can be read. */
    static Process of(int pid, String name, Thing... things) {
      List<Thing> all = Arrays.asList(things);
      List<Integer> vcpus =
          all.stream().map(Thing::vcpu).filter(vcpu -> vcpu != KvmFd.NO_VCPU).toList();
      int vms = Math.max(1, all.size() - vcpus.size());
      return new Process(
          pid, name, vms, vcpus, Optional.of(Source.DUP), false, Optional.empty(), all);
    }

    /** One VM with vCPUs that all do the same. */
    static Process of(int pid, String name, int vcpus, Values values) {
      List<Thing> things = new ArrayList<>(List.of(Thing.vm(10)));
      IntStream.range(0, vcpus).forEach(i -> things.add(Thing.vcpu(i, 20 + i, values)));
      return of(pid, name, things.toArray(Thing[]::new));
    }

    Process publishes() {
      return new Process(pid, name, vms, vcpus, source, true, shortfall, things);
    }

    Process lacks(String why, List<Integer> of, Optional<Source> other) {
      return new Process(pid, name, vms, of, other, isPublished, Optional.of(why), things);
    }

    String id() {
      return pid + ":" + pid;
    }

    ObservedVmm at(int second) {
      List<Observed> objects = things.stream().map(thing -> thing.at(second)).toList();
      Optional<VmName> called =
          name.isEmpty() ? Optional.empty() : Optional.of(new VmName(name, "-name"));
      Optional<VmUuid> uuid = Optional.of(new VmUuid(new UUID(pid, pid), "-uuid"));
      VmmView view =
          new VmmView(
              new Vmm.Key(pid, pid),
              isPublished ? "vmm" : "qemu-system-x86_64",
              new VmIdentity(called, pid % 2 == 0 ? uuid : Optional.empty()),
              vms,
              vcpus,
              source,
              isPublished,
              shortfall,
              objects.stream().map(Observed::view).toList());
      return new ObservedVmm(view, objects);
    }
  }

  /** What a sweep finds at a second. */
  static Snapshot sweep(int second, List<Process> processes, Hidden... hidden) {
    return new Snapshot(
        START.plusSeconds(second),
        second * SECOND,
        processes.stream().map(process -> process.at(second)).toList(),
        Arrays.asList(hidden),
        "");
  }

  static final Hidden HIDDEN =
      new Hidden(999, "qemu", VmIdentity.UNKNOWN, "its descriptors are another user's; be root");

  /** One of each kind that there is. */
  static List<Process> all() {
    Values published =
        (stat, bucket, second) ->
            switch (stat) {
              case "requests" -> -1L - (100 - second) * 5L; // Close to the largest u64.
              case "sizes" -> bucket * 1000L * second;
              default -> 1234L * second;
            };
    Process debugfs = Process.of(1060, "old-kernel", Thing.vm(10));
    return List.of(
        Process.of(1001, "web-1", 4, vcpu(20_000, 50, 2)),
        Process.of(
            1002, "a-build-machine-with-quite-a-long-name.example.org", 2, vcpu(900, 70, 25)),
        Process.of(
            1010,
            "db",
            Thing.vm(10),
            Thing.vcpu(0, 20, vcpu(4_000, 30, 7)),
            Thing.vcpu(1, 21, vcpu(4_000, 30, 7)).unreadable()),
        Process.of(
                1020,
                "",
                new Thing(KvmFd.NO_VCPU, 8, VM, Optional.empty()),
                new Thing(0, 9, PUBLISHED, Optional.of(published)))
            .publishes(),
        Process.of(
            1030,
            "pair",
            Thing.vm(10),
            Thing.vm(30),
            Thing.vcpu(0, 20, vcpu(100, 1, 0)),
            Thing.vcpu(0, 40, vcpu(200, 2, 0))),
        Process.of(1041, "\033[31mred\033[0m", 1, vcpu(10, 3, 0)),
        Process.of(1042, "日本語のサーバ e\u0301 \u202Etxet", 1, vcpu(12, 3, 0)),
        Process.of(1043, "\"}\n# EOF", 1, vcpu(14, 3, 0)),
        Process.of(1050, "closed")
            .lacks("it keeps no stats fds; --attach opens them", List.of(0, 1), Optional.empty()),
        debugfs.lacks("no histograms in debugfs", List.of(0, 1), Optional.of(Source.DEBUGFS)));
  }
}
