package io.kvmstats.acquire;

import io.kvmstats.linux.Schedstat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The stats file of another process's vCPU; and, behind its data, the times of the thread that runs
 * the vCPU ({@link ThreadTimes}), once that is known.
 *
 * <p>A read that is for the data alone gets these too. Where they can't be read, it is as short as
 * the kernel's: they are absent. The thread becomes known once, on whichever thread.
 */
final class VcpuBytes implements StatsBytes {
  /** The tid of no thread. */
  static final int UNKNOWN = 0;

  private final StatsBytes kernels;
  private final long dataOffset;
  private final long dataBytes;
  private int tid = UNKNOWN;
  private @Nullable Schedstat opened;

  /** What is read: none while the thread is unknown, or when it runs another vCPU too. */
  private volatile @Nullable Schedstat thread;

  /**
   * Makes one whose thread is not known.
   *
   * @param kernels closed with this
   * @param dataOffset where its data starts
   * @param dataBytes how long that is
   */
  VcpuBytes(StatsBytes kernels, long dataOffset, long dataBytes) {
    this.kernels = kernels;
    this.dataOffset = dataOffset;
    this.dataBytes = dataBytes;
  }

  /** {@return the stats file} */
  StatsBytes kernels() {
    return kernels;
  }

  /** {@return the thread that runs the vCPU, or {@link #UNKNOWN}} */
  int tid() {
    return tid;
  }

  /** Says which thread runs the vCPU; its file is closed with this. */
  void runsOn(int thread, Schedstat schedstat) {
    this.tid = thread;
    this.opened = schedstat;
    this.thread = schedstat;
  }

  /** Says that its thread runs another vCPU too: how long it ran this one can't be told. */
  void sharesThread() {
    thread = null;
  }

  @Override
  public long tryPread(MemorySegment into, long offset) {
    long n = kernels.tryPread(into, offset);
    if (offset != dataOffset || n < dataBytes || into.byteSize() < dataBytes + Schedstat.BYTES) {
      return n;
    }
    Schedstat known = thread;
    return known != null && known.tryRead(into, dataBytes)
        ? dataBytes + Schedstat.BYTES
        : dataBytes;
  }

  @Override
  public long read(long offset, MemorySegment into) throws IOException {
    return kernels.read(offset, into);
  }

  @Override
  public boolean isHeldBy(int pid, int number) {
    return kernels.isHeldBy(pid, number);
  }

  @Override
  public void close() {
    kernels.close();
    if (opened != null) {
      opened.close();
    }
  }
}
