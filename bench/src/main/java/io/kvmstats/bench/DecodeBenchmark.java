package io.kvmstats.bench;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import io.kvmstats.core.statsfd.StatsFileEncoder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Decoding a vCPU's stats file, which is done once, and its values, which is done every time. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DecodeBenchmark {
  private MemorySegment file;
  private Sample sample;

  /**
   * Takes the schema of the running kernel.
   *
   * @throws IOException when there is no KVM
   */
  @Setup
  public void setUp() throws IOException {
    try (Vm64 vm = new Vm64()) {
      Schema schema = vm.objects().getLast().file().schema();
      MemorySegment data = MemorySegment.ofArray(new long[(int) schema.dataBytes() / Long.BYTES]);
      file =
          MemorySegment.ofArray(
              StatsFileEncoder.encode("kvm-1/vcpu-0", schema, data, ByteOrder.nativeOrder()));
      sample = new Sample(schema, 0, 0, data, ByteOrder.nativeOrder());
    }
  }

  /**
   * Decodes everything but the data.
   *
   * @return the id and the schema
   * @throws IOException never: the file is right
   */
  @Benchmark
  public StatsFile decodeFile() throws IOException {
    return StatsFileDecoder.decode(ByteSource.of(file), ByteOrder.nativeOrder());
  }

  /** {@return the sum of all values, each found by its descriptor} */
  @Benchmark
  public long readValues() {
    long sum = 0;
    for (Descriptor descriptor : sample.schema().descriptors()) {
      for (int i = 0; i < descriptor.size(); i++) {
        sum += sample.value(descriptor, i);
      }
    }
    return sum;
  }
}
