package io.kvmstats.bench;

import io.kvmstats.acquire.StatsObject;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.Slot;
import io.kvmstats.collect.Sweep;
import io.kvmstats.collect.Table;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The sweep of 64 vCPUs and their VM, and the copy of one slot by a reader. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SweepBenchmark {
  private Vm64 vm;
  private Table table;
  private Sweep sweep;
  private Slot slot;

  /**
   * Makes the VM.
   *
   * @throws IOException when there is no KVM
   */
  @Setup
  public void setUp() throws IOException {
    vm = new Vm64();
    table = new Table();
    sweep = new Sweep(table);
    for (StatsObject object : vm.objects().subList(0, vm.objects().size() - 1)) {
      sweep.add(object);
    }
    slot = sweep.add(vm.objects().getLast());
    sweep.run();
    sweep.run();
  }

  /** Frees the VM. */
  @TearDown
  public void tearDown() {
    table.close();
    vm.close();
  }

  /** 65 preads. */
  @Benchmark
  public void sweep() {
    sweep.run();
  }

  /** {@return a vCPU's last two samples, copied} */
  @Benchmark
  public Optional<Reading> read() {
    return slot.read();
  }
}
