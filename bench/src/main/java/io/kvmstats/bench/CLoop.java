package io.kvmstats.bench;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.kvmstats.acquire.StatsFd;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.linux.CFunction;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.Mapping;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/** The loops of {@code sweep.c} over the same descriptors that the sweep reads. */
final class CLoop implements AutoCloseable {
  /** struct object of sweep.c: fd, offset, length, data[2], samples[2] of three, newest. */
  private static final long OBJECT_BYTES = 12 * Long.BYTES;

  private static final long FD = 0;
  private static final long OFFSET = 8;
  private static final long LENGTH = 16;
  private static final long DATA = 24;

  private final int count;
  private final Mapping memory;
  private final CFunction sweep;
  private final CFunction preads;

  CLoop(Path library, List<StatsObject> objects) throws LinuxException {
    sweep = CFunction.load(library, "sweep");
    preads = CFunction.load(library, "preads");
    count = objects.size();
    long bytes = 0;
    for (StatsObject object : objects) {
      bytes += OBJECT_BYTES + 2 * slot(object);
    }
    memory = Mapping.anonymous(bytes);
    long data = OBJECT_BYTES * count;
    for (int i = 0; i < count; i++) {
      StatsObject object = objects.get(i);
      MemorySegment struct = memory.segment().asSlice(i * OBJECT_BYTES, OBJECT_BYTES);
      struct.set(JAVA_LONG, FD, ((StatsFd) object.bytes()).fd().number());
      struct.set(JAVA_LONG, OFFSET, object.file().dataOffset());
      struct.set(JAVA_LONG, LENGTH, object.file().schema().dataBytes());
      for (int sample = 0; sample < 2; sample++) {
        struct.set(JAVA_LONG, DATA + (long) sample * Long.BYTES, memory.segment().address() + data);
        data += slot(object);
      }
    }
  }

  /** On cache lines of its own, as in the table. */
  private static long slot(StatsObject object) {
    long line = 64;
    return (object.file().schema().dataBytes() + line - 1) / line * line;
  }

  void sweep() {
    sweep.call(memory.segment().address(), count);
  }

  void preads() {
    preads.call(memory.segment().address(), count);
  }

  @Override
  public void close() {
    memory.close();
  }
}
