package io.kvmstats.bench;

import io.kvmstats.core.model.Unit;
import io.kvmstats.publish.CumulativeStat;
import io.kvmstats.publish.LogHistogram;
import io.kvmstats.publish.PublishedVm;
import io.kvmstats.publish.SchemaBuilder;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Counting in a published statistic beside counting in a field. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PublishBenchmark {
  private PublishedVm vm;
  private CumulativeStat exits;
  private LogHistogram waits;
  private long field;

  /**
   * Publishes a VM.
   *
   * @throws IOException when there is no memfd
   */
  @Setup
  public void setUp() throws IOException {
    SchemaBuilder schema =
        new SchemaBuilder().cumulative("exits").logHistogram("waits", Unit.SECONDS, -9, 32);
    vm = new PublishedVm(schema.build(), schema.build());
    exits = vm.cumulative("exits");
    waits = vm.logHistogram("waits");
  }

  /** Ends publishing. */
  @TearDown
  public void tearDown() {
    vm.close();
  }

  /** A plain long. */
  @Benchmark
  public void incrementField() {
    field++;
  }

  /** A cumulative statistic. */
  @Benchmark
  public void incrementPublished() {
    exits.increment();
  }

  /** A bucket of a log histogram, by the plain field's value. */
  @Benchmark
  public void recordPublished() {
    waits.record(field++);
  }
}
