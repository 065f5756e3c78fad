package io.kvmstats.collect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvmstats.acquire.AcquiredVmm;
import io.kvmstats.discover.Host;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A mistake of ours that what one VMM has finds: it costs that VMM, is said once, and no more. */
class BugTest {
  private static final long SEED = 5;
  private static final int PROCESSES = 3;

  private final FakeHost host = new FakeHost(new Random(SEED));
  private final List<String> said = new ArrayList<>();

  /** The process that finds it, and how; nobody at first. */
  private int victim;

  private Runnable mistake =
      () -> {
        throw new IndexOutOfBoundsException("a mistake");
      };

  /** The fake host, but for the mistake. */
  private final Surroundings surroundings =
      new Surroundings() {
        @Override
        public Host.Scan scan() throws IOException {
          return host.scan();
        }

        @Override
        public AcquiredVmm acquire(Vmm vmm) {
          if (vmm.pid() == victim) {
            mistake.run();
          }
          return host.acquire(vmm);
        }

        @Override
        public AcquiredVmm retry(AcquiredVmm before) {
          return host.retry(before);
        }

        @Override
        public int user(Vmm vmm) {
          return host.user(vmm);
        }

        @Override
        public long nanoTime() {
          return host.nanoTime();
        }
      };

  @BeforeEach
  void start() {
    for (int i = 0; i < PROCESSES; i++) {
      FakeHost.Process process = new FakeHost.Process(new Vmm.Key(100 + i, i));
      process.objects.add(host.plain(0));
      host.processes.add(process);
    }
  }

  private Collector collector() throws IOException {
    return new Collector(
        vmm -> true,
        surroundings,
        new Table(),
        (vmm, bug) -> said.add(vmm.pid() + ": " + bug.getMessage()));
  }

  private static List<Integer> pids(Collector collector) {
    return collector.collected().stream().map(c -> c.acquired().vmm().pid()).toList();
  }

  @Test
  void theOthersAreReadOnAndItIsSaidOnce() throws IOException {
    victim = 101;
    try (Collector collector = collector()) {
      for (int i = 0; i < 3; i++) {
        collector.refresh();
        collector.sweep();
        assertThat(pids(collector)).containsExactly(100, 102);
        assertThat(said).containsExactly("101: a mistake");
      }
      assertThat(collector.collected())
          .allMatch(vmm -> vmm.objects().getFirst().slot().read().isPresent());
      // Another process has the pid: it is said again, if that is so again.
      host.processes.set(1, new FakeHost.Process(new Vmm.Key(101, 99)));
      collector.refresh();
      assertThat(said).hasSize(2);
      victim = 0;
      collector.refresh();
      assertThat(pids(collector)).containsExactly(100, 102);
      host.processes.set(1, new FakeHost.Process(new Vmm.Key(101, 100)));
      collector.refresh();
      assertThat(pids(collector)).containsExactly(100, 101, 102);
    }
  }

  /** As when the directory can't be written with it. */
  @Test
  void whoIsLeftOutLaterIsLetGoOf() throws IOException {
    try (Collector collector = collector()) {
      collector.refresh();
      CollectedVmm one = collector.collected().getFirst();
      collector.leaveOut(one.acquired().vmm(), new IllegalStateException("found late"));
      collector.refresh();
      collector.sweep();
      assertThat(pids(collector)).containsExactly(101, 102);
      assertThat(said).containsExactly("100: found late");
      assertThat(one.objects().getFirst().slot().read()).isEmpty();
      assertThat(((FakeHost.FakeFd) one.objects().getFirst().object().bytes()).closed).isTrue();
    }
  }

  @Test
  void whatIsNoMistakeOfOursIsNotTakenForOne() throws IOException {
    victim = 101;
    mistake =
        () -> {
          throw new OutOfMemoryError("no memory");
        };
    try (Collector collector = collector()) {
      assertThatThrownBy(collector::refresh).isInstanceOf(OutOfMemoryError.class);
    }
    assertThat(said).isEmpty();
  }

  /** Who reads for one user alone has nobody else to think of. */
  @Test
  void aCommandEndsWithIt() throws IOException {
    victim = 101;
    try (Collector collector = new Collector(vmm -> true, surroundings, new Table())) {
      assertThatThrownBy(collector::refresh).hasMessage("a mistake");
    }
  }
}
