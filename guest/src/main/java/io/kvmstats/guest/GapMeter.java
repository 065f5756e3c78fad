package io.kvmstats.guest;

import io.kvmstats.linux.Fd;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import io.kvmstats.linux.Mapping;
import io.kvmstats.linux.Memfd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The host's side of a guest that notices when it does not run: its memory, shared with whichever
 * VMM runs it.
 *
 * <p>The account that the guest keeps outside of {@link #begin} and {@link #end} is thrown away, so
 * what goes on there does no harm. One thread at a time.
 */
public final class GapMeter implements AutoCloseable {
  /** How long pauses have to be to be counted one by one. */
  private static final List<Duration> THRESHOLDS =
      List.of(Duration.ofNanos(100_000), Duration.ofMillis(1), Duration.ofMillis(10));

  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG;
  private static final VarHandle SELECTED = ValueLayout.JAVA_SHORT.varHandle();
  private static final VarHandle COUNT = U64.varHandle();
  private static final long U32_MAX = 0xffff_ffffL;
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** The guest may not run for a moment; a VMM that has ended never runs it again. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Fd file;
  private final Mapping memory;
  private final long tscKhz;

  private GapMeter(Fd file, Mapping memory, long tscKhz) {
    this.file = file;
    this.memory = memory;
    this.tscKhz = tscKhz;
  }

  /**
   * Makes a guest's memory, ready for its code to run.
   *
   * @param kvm tells the frequency of a guest's time-stamp counter
   * @return the meter, and no guest yet
   * @throws IOException when KVM refuses, or there is no memory
   */
  public static GapMeter create(Kvm kvm) throws IOException {
    return create(kvm, Program.MEMORY_BYTES);
  }

  /**
   * Makes a guest's memory, ready for its code to run.
   *
   * @param kvm tells the frequency of a guest's time-stamp counter
   * @param bytes how much the VMM wants a guest to have
   * @return the meter, and no guest yet
   * @throws IOException when KVM refuses, or there is no memory
   */
  public static GapMeter create(Kvm kvm, long bytes) throws IOException {
    long tscKhz;
    try (KvmVm vm = kvm.createVm();
        KvmVcpu vcpu = vm.createVcpu(0)) {
      tscKhz = vcpu.tscKhz();
    }
    Fd file = Memfd.create("kvmstats-gaps", bytes);
    try {
      GapMeter meter = new GapMeter(file, Mapping.shared(file, bytes), tscKhz);
      for (int i = 0; i < THRESHOLDS.size(); i++) {
        long cycles = THRESHOLDS.get(i).toNanos() * tscKhz / NANOS_PER_MILLI;
        long address = GapProgram.THRESHOLDS + i * U32.byteSize();
        meter.memory.segment().set(U32, address, Math.toIntExact(cycles));
      }
      meter.select(GapProgram.BETWEEN);
      return meter;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** {@return how long pauses have to be to be counted} */
  public static List<Duration> thresholds() {
    return THRESHOLDS;
  }

  /** {@return how long a gap is at most told from a longer one} */
  public long limitNanos() {
    return nanos(U32_MAX);
  }

  /** {@return where another process of this user finds the guest's memory, as a file} */
  public Path path() {
    return Path.of("/proc", Long.toString(ProcessHandle.current().pid()), "fd", file.number() + "");
  }

  /**
   * Waits until the guest runs.
   *
   * @param patience how long
   * @throws IOException when it does not by then
   */
  public void awaitGuest(Duration patience) throws IOException {
    awaitReadings(GapProgram.BETWEEN, patience);
  }

  /**
   * Has the guest start a new account, from its next reading of the counter on.
   *
   * @throws IOException when it does not run
   */
  public void begin() throws IOException {
    awaitReadings(GapProgram.BETWEEN, PATIENCE);
    memory.segment().asSlice(GapProgram.MEASURED, GapProgram.RECORD_BYTES).fill((byte) 0);
    select(GapProgram.MEASURED);
  }

  /**
   * Has the guest end its account. Waits until it runs: a gap that has begun belongs to it.
   *
   * @return what it says
   * @throws IOException when it does not run
   */
  public Gaps end() throws IOException {
    awaitReadings(GapProgram.MEASURED, PATIENCE);
    select(GapProgram.BETWEEN);
    awaitReadings(GapProgram.BETWEEN, PATIENCE);
    MemorySegment record =
        memory.segment().asSlice(GapProgram.MEASURED, GapProgram.RECORD_BYTES).asReadOnly();
    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < GapProgram.THRESHOLD_COUNT; i++) {
      pauses.add(u32(record, GapProgram.PAUSES + i * U32.byteSize()));
    }
    List<Long> buckets = new ArrayList<>();
    for (int i = 0; i < GapProgram.BUCKET_COUNT; i++) {
      buckets.add(record.get(U64, GapProgram.BUCKETS + i * U64.byteSize()));
    }
    long readings = buckets.stream().mapToLong(count -> count).sum();
    return new Gaps(
        nanos(u32(record, GapProgram.LONGEST)), pauses, readings, nanos(median(buckets, readings)));
  }

  /** {@return the first number behind the bucket that has the gap in the middle} */
  private static long median(List<Long> buckets, long readings) {
    long seen = 0;
    int bucket = 0;
    while (bucket < buckets.size() - 1 && seen + buckets.get(bucket) <= readings / 2) {
      seen += buckets.get(bucket++);
    }
    return 2L << bucket;
  }

  private static long u32(MemorySegment record, long offset) {
    return Integer.toUnsignedLong(record.get(U32, offset));
  }

  private long nanos(long cycles) {
    return Math.multiplyExact(cycles, NANOS_PER_MILLI) / tscKhz;
  }

  private void select(int record) {
    SELECTED.setVolatile(memory.segment(), (long) GapProgram.SELECTED, (short) record);
  }

  /**
   * Waits until the guest has begun a reading after this call, and has counted it in a record that
   * is selected: the second one that it counts is such. It keeps no other record then.
   */
  private void awaitReadings(int record, Duration patience) throws IOException {
    long before = readings(record);
    long start = System.nanoTime();
    while (readings(record) - before < 2) {
      if (System.nanoTime() - start > patience.toNanos()) {
        throw new IOException("the guest that measures its pauses does not run");
      }
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  private long readings(int record) {
    long count = 0;
    for (int i = 0; i < GapProgram.BUCKET_COUNT; i++) {
      long offset = record + GapProgram.BUCKETS + i * U64.byteSize();
      count += (long) COUNT.getVolatile(memory.segment(), offset);
    }
    return count;
  }

  /** Frees the memory; a guest that still runs keeps its own. */
  @Override
  public void close() {
    memory.close();
    file.close();
  }
}
