package io.kvmstats.collect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.kvmstats.acquire.Source;
import io.kvmstats.acquire.StatsBytes;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.discover.KvmFd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sweep, slots and table, over files that the test writes. */
class SweepTest {
  private static final int VALUES = 138; // As many as x86's vCPUs have, Linux 6.12.

  @TempDir private Path folder;

  private static long value(Slot slot, Sample sample, int index) {
    return sample.value(slot.schema().descriptors().get(index));
  }

  @Test
  void twoSamplesAreKeptInTurnWithTheirTimes() throws IOException {
    try (Table table = new Table();
        FileObject file = new FileObject(folder, VALUES)) {
      Sweep sweep = new Sweep(table);
      Slot slot = sweep.add(file.object);
      assertThat(slot.read()).isEmpty();
      long last = System.nanoTime();
      for (long number = 1; number <= 5; number++) {
        file.write(number);
        sweep.run();
        Reading reading = slot.read().orElseThrow();
        assertThat(value(slot, reading.latest(), VALUES - 1)).isEqualTo(number);
        assertThat(reading.latest().beforeNanos()).isGreaterThanOrEqualTo(last);
        assertThat(reading.latest().afterNanos()).isGreaterThan(reading.latest().beforeNanos());
        Optional<Sample> previous = reading.previous();
        assertThat(previous.isPresent()).isEqualTo(number > 1);
        previous.ifPresent(sample ->
            assertThat(value(slot, reading.latest(), 0) - value(slot, sample, 0)).isEqualTo(1));
        last = reading.latest().afterNanos();
      }
    }
  }

  /** What is polled beside the sweep: its times are the polls', and no poll counts twice. */
  private static final class PolledBytes implements StatsBytes {
    long number;
    long nanos;

    void poll(long newNumber, long atNanos) {
      number = newNumber;
      nanos = atNanos;
    }

    @Override
    public long tryPread(MemorySegment into, long offset) {
      into.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, number);
      return Long.BYTES;
    }

    @Override
    public long beforeNanos(long called) {
      return nanos;
    }

    @Override
    public long afterNanos(long returned) {
      return nanos + 2;
    }

    @Override
    public long read(long offset, MemorySegment into) {
      return 0;
    }

    @Override
    public boolean isHeldBy(int pid, int number) {
      return true;
    }

    @Override
    public void close() {}
  }

  @Test
  void ratesOfWhatIsPolledAreOverTheTimeBetweenPolls() throws IOException {
    PolledBytes polled = new PolledBytes();
    Descriptor counter = new Descriptor("s", 0, 0, 1, 0, 0);
    StatsFile file = new StatsFile("polled", new Schema(List.of(counter)), 0);
    KvmFd vm = new KvmFd(KvmFd.Kind.VM, 0, KvmFd.NO_VCPU);
    try (Table table = new Table()) {
      Sweep sweep = new Sweep(table);
      Slot slot = sweep.add(new StatsObject(vm, file, polled, Source.QMP));
      polled.poll(100, 1_000_000_000);
      sweep.run();
      polled.poll(400, 3_000_000_000L);
      sweep.run();
      Reading reading = slot.read().orElseThrow();
      assertThat(reading.latest().beforeNanos()).isEqualTo(3_000_000_000L);
      assertThat(reading.latest().afterNanos()).isEqualTo(3_000_000_002L);
      assertThat(reading.perSecond(counter)).hasValue(150);
      sweep.run();
      Reading same = slot.read().orElseThrow();
      assertThat(same.deltas(counter)).hasValue(new long[] {0});
      assertThat(same.perSecond(counter)).isEmpty();
      polled.poll(500, 4_000_000_000L);
      sweep.run();
      assertThat(slot.read().orElseThrow().perSecond(counter)).hasValue(100);
    }
  }

  @Test
  void whatAReadDidNotReachIsAbsentAndTheNextObjectIsRead() throws IOException {
    try (Table table = new Table();
        FileObject cut = new FileObject(folder, 4);
        FileObject whole = new FileObject(folder, 4)) {
      Sweep sweep = new Sweep(table);
      Slot cutSlot = sweep.add(cut.object);
      Slot wholeSlot = sweep.add(whole.object);
      sweep.run();
      cut.truncate(2 * Long.BYTES + 7);
      whole.write(7);
      sweep.run();
      List<Descriptor> values = cutSlot.schema().descriptors();
      Sample sample = cutSlot.read().orElseThrow().latest();
      assertThat(values.stream().map(sample::has)).containsExactly(true, true, false, false);
      assertThat(value(wholeSlot, wholeSlot.read().orElseThrow().latest(), 3)).isEqualTo(7);

      cut.truncate(0);
      sweep.run();
      Reading empty = cutSlot.read().orElseThrow();
      assertThat(values.stream().anyMatch(empty.latest()::has)).isFalse();
      assertThat(empty.deltas(values.getFirst())).isEmpty();
      assertThat(wholeSlot.read().orElseThrow().deltas(values.get(3))).hasValue(new long[] {0});
    }
  }

  @Test
  void aSlotForgetsItsObjectWhenItIsGivenToTheNext() throws IOException {
    try (Table table = new Table();
        FileObject first = new FileObject(folder, VALUES);
        FileObject second = new FileObject(folder, VALUES)) {
      Sweep sweep = new Sweep(table);
      Slot gone = sweep.add(first.object);
      sweep.run();
      sweep.run();
      sweep.remove(gone);
      assertThat(gone.read()).isEmpty();
      Slot slot = sweep.add(second.object);
      assertThat(slot.memory().address()).isEqualTo(gone.memory().address());
      assertThat(slot.read()).isEmpty();
      sweep.run();
      assertThat(slot.read().orElseThrow().previous()).isEmpty();
      assertThat(gone.read()).isEmpty();
      sweep.remove(gone); // Twice: it must not take the next one's place away.
      sweep.run();
      assertThat(slot.read().orElseThrow().previous()).isPresent();
    }
  }

  @Test
  void aFullTableSaysSoAndHasRoomAgainWhenSomethingGoes() throws IOException {
    try (FileObject file = new FileObject(folder, VALUES)) {
      long slot = SlotLayout.slotBytes(file.object.file().schema().dataBytes());
      try (Table table = new Table(2 * slot)) {
        Sweep sweep = new Sweep(table);
        Slot first = sweep.add(file.object);
        sweep.add(file.object);
        assertThatThrownBy(() -> sweep.add(file.object))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("the table is full");
        sweep.remove(first);
        sweep.add(file.object);
      }
    }
  }

  /** The writer makes all values of a block equal before each sweep; a torn copy would show. */
  @Test
  void noReaderSeesHalfASample() throws Exception {
    int readers = 3;
    try (Table table = new Table();
        FileObject file = new FileObject(folder, VALUES);
        ExecutorService threads = Executors.newFixedThreadPool(readers)) {
      Sweep sweep = new Sweep(table);
      Slot slot = sweep.add(file.object);
      AtomicBoolean stop = new AtomicBoolean();
      List<Future<Long>> seen = new ArrayList<>();
      for (int i = 0; i < readers; i++) {
        seen.add(threads.submit(() -> readUntil(stop, slot)));
      }
      Random random = new Random(1);
      for (long number = 1; number <= 50_000; number++) {
        file.write(number);
        sweep.run();
        // Long enough for some copies to succeed, short enough for many to be overtaken.
        for (int i = random.nextInt(2_000); i > 0; i--) {
          Thread.onSpinWait();
        }
      }
      stop.set(true);
      for (Future<Long> reader : seen) {
        assertThat(reader.get()).isGreaterThan(100);
      }
    }
  }

  private static long readUntil(AtomicBoolean stop, Slot slot) {
    long different = 0;
    long last = 0;
    while (!stop.get()) {
      Optional<Reading> read = slot.read();
      if (read.isEmpty()) {
        assertThat(last).as("an object that was read once has a reading").isZero();
        continue;
      }
      Reading reading = read.get();
      long number = value(slot, reading.latest(), 0);
      for (int i = 0; i < VALUES; i++) {
        assertThat(value(slot, reading.latest(), i)).isEqualTo(number);
      }
      assertThat(number).isGreaterThanOrEqualTo(last);
      if (reading.previous().isPresent()) {
        for (int i = 0; i < VALUES; i++) {
          assertThat(value(slot, reading.previous().get(), i)).isEqualTo(number - 1);
        }
      }
      different += number != last ? 1 : 0;
      last = number;
    }
    return different;
  }

  @Test
  void aSweepAllocatesNothing() throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Table table = new Table();
        FileObject file = new FileObject(folder, VALUES)) {
      Sweep sweep = new Sweep(table);
      for (int i = 0; i < 65; i++) {
        sweep.add(file.object);
      }
      // Not before it is compiled, and how soon that is, is the machine's to say.
      long allocated = Long.MAX_VALUE;
      for (int batch = 0; batch < 100 && allocated > 0; batch++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1_000; i++) {
          sweep.run();
        }
        allocated = threads.getCurrentThreadAllocatedBytes() - before;
      }
      assertThat(allocated).isZero();
    }
  }
}
