package io.kvmstats.guest;

import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.ByteSource;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.core.statsfd.StatsFileDecoder;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Pidfd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** The statistics of a VM or vCPU in this process, read through a stats fd that it opened. */
final class OwnStats implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration BETWEEN = Duration.ofMillis(5);

  private final Arena arena = Arena.ofShared();
  private final Fd fd;
  private final StatsFile file;
  private final MemorySegment data;

  private OwnStats(Fd fd) throws IOException {
    this.fd = fd;
    MemorySegment buffer = arena.allocate(1 << 16);
    long bytes = fd.pread(buffer, 0);
    this.file =
        StatsFileDecoder.decode(ByteSource.of(buffer.asSlice(0, bytes)), ByteOrder.nativeOrder());
    this.data = arena.allocate(file.schema().dataBytes());
  }

  static OwnStats ofVm() throws IOException {
    return of("anon_inode:kvm-vm-stats");
  }

  static OwnStats ofVcpu(int vcpu) throws IOException {
    return of("anon_inode:kvm-vcpu-stats:" + vcpu);
  }

  private static OwnStats of(String link) throws IOException {
    int number = numberOf(link);
    try (Pidfd self = Pidfd.open((int) ProcessHandle.current().pid())) {
      return new OwnStats(self.getfd(number));
    }
  }

  private static int numberOf(String link) throws IOException {
    return links().entrySet().stream()
        .filter(entry -> entry.getValue().equals(link))
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  /** {@return what of KVM this process has open, sorted} */
  static List<String> kvmLinks() throws IOException {
    return links().values().stream()
        .filter(link -> link.startsWith("anon_inode:kvm-") || link.equals("/dev/kvm"))
        .sorted()
        .toList();
  }

  private static Map<Integer, String> links() throws IOException {
    Map<Integer, String> links = new TreeMap<>();
    try (DirectoryStream<Path> fds = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path fd : fds) {
        try {
          String link = Files.readSymbolicLink(fd).toString();
          links.put(Integer.valueOf(fd.getFileName().toString()), link);
        } catch (NoSuchFileException e) {
          // Closed meanwhile.
        }
      }
    }
    return links;
  }

  /** {@return whether a statistic never falls} */
  boolean isCumulative(String name) {
    return file.schema().find(name).orElseThrow().type().isCumulative();
  }

  /** All values at one time. */
  record Values(Map<String, List<Long>> all) {
    long value(String name) {
      return all.get(name).getFirst();
    }

    long sum(String name) {
      return all.get(name).stream().mapToLong(Long::longValue).sum();
    }
  }

  Values read() throws IOException {
    long bytes = fd.pread(data, file.dataOffset());
    Schema schema = file.schema();
    Sample sample = new Sample(schema, 0, 0, data.asSlice(0, bytes), ByteOrder.nativeOrder());
    Map<String, List<Long>> values = new LinkedHashMap<>();
    for (Descriptor descriptor : schema.descriptors()) {
      List<Long> ofOne = new ArrayList<>();
      IntStream.range(0, descriptor.size())
          .forEach(index -> ofOne.add(sample.value(descriptor, index)));
      values.put(descriptor.name(), ofOne);
    }
    return new Values(values);
  }

  /** Waits until the values are so; fails with the last ones when they don't get there. */
  void await(Predicate<Values> condition) throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    Values values = read();
    while (!condition.test(values)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("still not after " + PATIENCE + ": " + values);
      }
      LockSupport.parkNanos(BETWEEN.toNanos());
      values = read();
    }
  }

  @Override
  public void close() {
    fd.close();
    arena.close();
  }
}
