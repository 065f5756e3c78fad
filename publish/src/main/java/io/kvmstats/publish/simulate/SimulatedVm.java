package io.kvmstats.publish.simulate;

import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.publish.CumulativeStat;
import io.kvmstats.publish.InstantStat;
import io.kvmstats.publish.PublishedVm;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * A made-up VM of x86, with the statistics that Linux 6.18 has, which are published.
 *
 * <p>It is as its script says, and as time passes, which is told to it: the same steps give the
 * same numbers. One thread steps it.
 */
public final class SimulatedVm implements AutoCloseable {
  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final int PAGES_PER_LARGE = 512;

  private final Script script;
  private final Random random;
  private final PublishedVm published;
  private final Map<Integer, SimulatedVcpu> vcpus = new HashMap<>();
  private final CumulativeStat flushes;
  private final CumulativeStat flushRequests;
  private final InstantStat pages;
  private final InstantStat largePages;
  private long touched;
  private long now;

  /**
   * Publishes a VM, with those vCPUs that are there at first.
   *
   * @param seed of all VMs
   * @param vm which of them
   * @param script what it does
   * @throws IOException when it can't be published
   */
  public SimulatedVm(long seed, int vm, Script script) throws IOException {
    this.script = script;
    this.random = new Random(~seed * 31 + vm);
    this.published = new PublishedVm(schema("vm"), schema("vcpu"));
    flushes = published.cumulative("remote_tlb_flush");
    flushRequests = published.cumulative("remote_tlb_flush_requests");
    pages = published.instant("pages_4k");
    largePages = published.instant("pages_2m");
    try {
      plug();
    } catch (LinuxException e) {
      published.close();
      throw e;
    }
  }

  /** A real stats file's, read from a kernel: no name here is our own. */
  private static Schema schema(String object) throws IOException {
    String resource = "linux-6.18-x86_64-" + object + ".bin";
    try (InputStream in = SimulatedVm.class.getResourceAsStream(resource)) {
      MemorySegment file =
          MemorySegment.ofArray(Objects.requireNonNull(in, resource).readAllBytes());
      return StatsFileDecoder.decode(ByteSource.of(file), ByteOrder.LITTLE_ENDIAN).schema();
    }
  }

  /**
   * Lives on.
   *
   * @param nanos how long
   * @throws LinuxException when a vCPU that comes can't be published
   */
  public void step(long nanos) throws LinuxException {
    plug();
    long faults = 0;
    for (int i = 0; i < script.vcpus(); i++) {
      SimulatedVcpu vcpu = vcpus.get(i);
      if (vcpu != null) {
        faults += vcpu.live(habit(i), nanos);
      }
    }
    // Memory that is touched is mapped; now and then pages become a large one, at the cost of a
    // flush.
    touched += faults;
    long large = touched / (4 * PAGES_PER_LARGE);
    pages.set(touched - large * PAGES_PER_LARGE);
    flushes.add(large - largePages.get());
    flushRequests.add(large - largePages.get());
    largePages.set(large);
    now += nanos;
  }

  /** vCPUs that come count from 0, as new ones of KVM's do. */
  private void plug() throws LinuxException {
    for (int i = 0; i < script.vcpus(); i++) {
      boolean there = habit(i) != Habit.GONE;
      SimulatedVcpu vcpu = vcpus.get(i);
      if (there && vcpu == null) {
        Random own = new Random(random.nextLong());
        vcpus.put(i, new SimulatedVcpu(published.addVcpu(i), own));
      } else if (!there && vcpu != null) {
        vcpus.remove(i);
        vcpu.close();
      }
    }
  }

  private Habit habit(int vcpu) {
    return script.at(vcpu, now / NANOS_PER_SECOND);
  }

  @Override
  public void close() {
    published.close();
  }
}
