package io.kvmstats.collect;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.Handed;
import io.kvmstats.collect.CollectedVmm.CollectedObject;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.StatsFileEncoder;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Mapping;
import io.kvmstats.linux.Memfd;
import io.kvmstats.publish.PublishedVcpu;
import io.kvmstats.publish.PublishedVm;
import io.kvmstats.publish.SchemaBuilder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A publisher one of whose files is bad: this process, at times that the test makes up. */
class PublisherTest {
  private static final int SELF = Math.toIntExact(ProcessHandle.current().pid());
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final Schema SCHEMA = new SchemaBuilder().cumulative("exits").build();
  private static final int SEALS =
      Memfd.F_SEAL_SHRINK | Memfd.F_SEAL_GROW | Memfd.F_SEAL_FUTURE_WRITE | Memfd.F_SEAL_SEAL;

  /** This host, with a clock of its own. */
  private static final class Clocked implements Surroundings {
    private final Surroundings host =
        Surroundings.thisHost(new Host(), new Acquirer(), new Handed());
    private long now;
    private int acquisitions;

    /** The seconds of the tries after the first one. */
    private final List<Long> tries = new ArrayList<>();

    @Override
    public Host.Scan scan() throws IOException {
      return host.scan();
    }

    @Override
    public AcquiredVmm acquire(Vmm vmm) {
      acquisitions++;
      return host.acquire(vmm);
    }

    @Override
    public AcquiredVmm retry(AcquiredVmm before) {
      tries.add(now / SECOND);
      return host.retry(before);
    }

    @Override
    public int user(Vmm vmm) {
      return 0;
    }

    @Override
    public long nanoTime() {
      return now;
    }
  }

  private final Clocked host = new Clocked();

  private void refreshEachSecond(Collector collector, long until) throws IOException {
    while (host.now < until * SECOND) {
      host.now += SECOND;
      collector.refresh();
      collector.sweep();
    }
  }

  private static List<CollectedObject> objects(Collector collector) {
    assertThat(collector.collected()).hasSize(1);
    return collector.collected().getFirst().objects();
  }

  private static double exitsPerSecond(CollectedObject object) {
    return object
        .slot()
        .read()
        .orElseThrow()
        .perSecond(SCHEMA.find("exits").orElseThrow())
        .orElseThrow();
  }

  @Test
  void oneBadFileLeavesTheOthersTheirRates() throws IOException {
    byte[] file =
        StatsFileEncoder.encode(
            "late",
            SCHEMA,
            MemorySegment.ofArray(new byte[(int) SCHEMA.dataBytes()]),
            ByteOrder.nativeOrder());
    try (Collector collector = new Collector(vmm -> vmm.pid() == SELF, host, new Table());
        PublishedVm vm = new PublishedVm(SCHEMA, SCHEMA);
        PublishedVcpu vcpu = vm.addVcpu(0)) {
      try (Fd bad = Memfd.create("kvm-vcpu-stats:1", file.length);
          Mapping mapping = Mapping.shared(bad, file.length)) {
        Memfd.addSeals(bad, SEALS);
        collector.refresh();
        collector.sweep();
        List<CollectedObject> good = objects(collector);
        assertThat(good).extracting(object -> object.object().vcpu()).containsExactly(-1, 0);
        for (int second = 1; second <= 20; second++) {
          vcpu.cumulative("exits").add(7);
          refreshEachSecond(collector, second);
          assertThat(exitsPerSecond(good.getLast())).isEqualTo(7);
          assertThat(collector.vmms().getFirst().shortfall().orElseThrow())
              .startsWith("/memfd:kvm-vcpu-stats:1 (deleted): ");
        }
        assertThat(objects(collector)).isEqualTo(good);
        assertThat(host.acquisitions).isEqualTo(1);
        assertThat(host.tries).containsExactly(1L, 2L, 4L, 8L, 16L);

        mapping.segment().copyFrom(MemorySegment.ofArray(file));
        refreshEachSecond(collector, 32);
        assertThat(objects(collector)).startsWith(good.toArray(CollectedObject[]::new)).hasSize(3);
        assertThat(collector.vmms().getFirst().shortfall()).isEmpty();
        refreshEachSecond(collector, 100);
        assertThat(host.tries).hasSize(6);
      }
      refreshEachSecond(collector, 101);
      assertThat(objects(collector)).hasSize(2);
    }
  }

  @Test
  void whatIsBadAndGoesIsMissed() throws IOException {
    try (Collector collector = new Collector(vmm -> vmm.pid() == SELF, host, new Table());
        PublishedVm _ = new PublishedVm(SCHEMA, SCHEMA)) {
      try (Fd bad = Memfd.create("kvm-vcpu-stats:1", 4096);
          Mapping _ = Mapping.shared(bad, 4096)) {
        refreshEachSecond(collector, 10);
        assertThat(collector.vmms().getFirst().shortfall()).isPresent();
      }
      refreshEachSecond(collector, 11);
      assertThat(collector.vmms().getFirst().shortfall()).isEmpty();
      assertThat(objects(collector)).hasSize(1);
    }
  }
}
