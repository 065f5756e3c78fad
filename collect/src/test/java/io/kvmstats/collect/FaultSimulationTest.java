package io.kvmstats.collect;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.collect.CollectedVmm.CollectedObject;
import io.kvmstats.collect.FakeHost.FakeFd;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What always holds, whatever a host does: thousands of made-up hosts, looked at after every step
 * and compared with what their fakes remember.
 *
 * <p>{@code -Dtests.seed=N} repeats one run.
 */
class FaultSimulationTest {
  private static final long SEED = Long.getLong("tests.seed", System.nanoTime());
  private static final int HOSTS = 3000;
  private static final int STEPS = 60;

  /** Room for a few objects, and for one of the large ones. */
  private static final long TABLE_BYTES = 64 << 10;

  /** How often each thing that this is about was met, so that it can't stop happening unseen. */
  private final Map<String, Integer> seen = new HashMap<>();

  @Test
  void whatAlwaysHolds() throws IOException {
    for (int host = 0; host < HOSTS; host++) {
      long before = openFds();
      Simulation simulation = new Simulation(host);
      simulation.run();
      assertThat(openFds()).as(simulation.repeat).isEqualTo(before);
    }
    assertThat(seen)
        .containsOnlyKeys(
            "delta",
            "reset",
            "absent",
            "failed read",
            "no time between",
            "no room",
            "malformed",
            "granted later",
            "pid used again",
            "scan failed",
            "not wanted");
    assertThat(seen.values()).allMatch(times -> times > HOSTS / 100);
  }

  private void see(String what) {
    seen.merge(what, 1, Integer::sum);
  }

  private static long openFds() throws IOException {
    try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
      return fds.count();
    }
  }

  /** One host, and a collector that looks at it. */
  private final class Simulation {
    final String repeat;
    private final Random random;
    private final FakeHost host;
    private final Collector collector;

    /** Whether the collector was asked for all VMMs, or for those of even pids. */
    private final boolean all;

    private final Set<Vmm.Key> everWanted = new HashSet<>();
    private List<Vmm.Key> wanted = List.of();
    private final Map<FakeFd, Slot> everHeld = new HashMap<>();

    Simulation(int number) throws IOException {
      repeat = "host " + number + ", -Dtests.seed=" + SEED;
      random = new Random(SEED + number);
      host = new FakeHost(random);
      all = random.nextInt(4) != 0;
      collector = new Collector(vmm -> all || vmm.pid() % 2 == 0, host, new Table(TABLE_BYTES));
    }

    void run() {
      for (int step = 0; step < STEPS; step++) {
        host.happen();
        if (random.nextInt(3) == 0) {
          refresh();
        } else {
          sweep();
        }
        look();
      }
      collector.close();
      assertThat(host.fds).as(repeat).allMatch(fd -> fd.closed);
    }

    private void refresh() {
      int grantedBefore = host.grantedLater;
      try {
        collector.refresh();
      } catch (IOException e) {
        see("scan failed"); // What was known stays known.
        return;
      }
      if (host.grantedLater > grantedBefore) {
        see("granted later");
      }
      wanted = host.listed.keySet().stream().filter(key -> all || key.pid() % 2 == 0).toList();
      if (wanted.size() < host.listed.size()) {
        see("not wanted");
      }
      for (Vmm.Key key : wanted) {
        if (everWanted.add(key)
            && everWanted.stream().filter(other -> other.pid() == key.pid()).count() > 1) {
          see("pid used again");
        }
      }
    }

    /** One object that fails, hangs or lies keeps no other from being read, once. */
    private void sweep() {
      Map<FakeFd, Integer> reads = new HashMap<>();
      host.fds.stream().filter(fd -> !fd.closed).forEach(fd -> reads.put(fd, fd.reads.size()));
      collector.sweep();
      reads.forEach((fd, before) -> assertThat(fd.reads).as(repeat).hasSize(before + 1));
    }

    private void look() {
      SlotCheck check = new SlotCheck(repeat, FaultSimulationTest.this::see);
      assertThat(collector.collected())
          .as(repeat)
          .map(vmm -> vmm.acquired().vmm().key())
          .containsExactlyInAnyOrderElementsOf(wanted);
      Set<FakeFd> held = new HashSet<>();
      for (CollectedVmm vmm : collector.collected()) {
        Optional<String> shortfall = vmm.acquired().shortfall();
        shortfall.ifPresent(why -> see(why.contains("table is full") ? "no room" : "malformed"));
        if (shortfall.isEmpty()) {
          assertThat(vmm.objects())
              .as(repeat)
              .map(object -> ((FakeFd) object.object().bytes()).object)
              .isEqualTo(host.listed.get(vmm.acquired().vmm().key()));
        }
        for (CollectedObject object : vmm.objects()) {
          FakeFd fd = (FakeFd) object.object().bytes();
          held.add(fd);
          Slot before = everHeld.putIfAbsent(fd, object.slot());
          assertThat(before == null || before == object.slot()).as(repeat).isTrue();
          check.check(fd, object.slot());
        }
      }
      // What is swept no more holds nothing in the kernel, and nobody takes it for alive.
      assertThat(host.fds).as(repeat).allMatch(fd -> fd.closed != held.contains(fd));
      everHeld.forEach((fd, slot) -> {
        if (!held.contains(fd)) {
          assertThat(slot.read()).as(repeat).isEmpty();
        }
      });
    }
  }
}
