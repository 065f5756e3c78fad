package io.kvmstats.guest;

import java.util.ArrayList;
import java.util.List;

/**
 * A guest's software that notices when it does not run: it reads the time-stamp counter without end
 * and keeps account of the gaps between two readings, as the kernel's hwlat tracer does of its own
 * ({@code kernel/trace/trace_hwlat.c}, Linux 6.12).
 *
 * <p>16-bit real mode, with interrupts off, wherever its code is; the data segment is at 0. There,
 * all little-endian:
 *
 * <pre>
 *   0x600  stop flag: a byte that the host sets
 *   0x700  u16, where the record is that is kept now: the host's to set
 *   0x704  u32, as many as there are thresholds: cycles, ascending, the host's to set
 *   0x800  a record: for gaps that nobody asks about
 *   0xa00  a record: for those that are measured
 *
 *   a record
 *   0x00   u32, the longest gap in cycles; those too long for it count as 0xffffffff
 *   0x04   u32, as many as there are thresholds: how many gaps were at least that long
 *   0x10   u64, 32 of them: how many gaps were of 2^i to 2^(i + 1) - 1 cycles
 * </pre>
 *
 * The host reads and clears a record only while the other one is kept: the guest looks which it is
 * before each reading of the counter.
 */
final class GapProgram {
  static final int SELECTED = 0x700;
  static final int THRESHOLDS = 0x704;
  static final int THRESHOLD_COUNT = 3;
  static final int BETWEEN = 0x800;
  static final int MEASURED = 0xa00;
  static final int RECORD_BYTES = 0x110;

  static final int LONGEST = 0x00;
  static final int PAUSES = 0x04;
  static final int BUCKETS = 0x10;
  static final int BUCKET_COUNT = 32;

  private static final int HALF = 4;
  private static final int LOG2_BUCKET_BYTES = 3;

  private GapProgram() {}

  /** {@return the code, which ends at {@link Program#STOP_PORT} as others do} */
  static byte[] assemble() {
    Assembler code = new Assembler();
    code.cli().rdtsc().movEdiEsiEdxEax();
    int round = code.here();
    code.movBxAt(SELECTED).rdtsc().movEbpEcxEdxEax().subEdxEaxEdiEsi().movEdiEsiEbpEcx();
    int fits = code.jzAhead();
    code.movEax(-1).land(fits).cmpEaxAtBx(LONGEST);
    int notLonger = code.jbeAhead();
    code.movAtBxEax(LONGEST).land(notLonger);
    countPauses(code);
    code.orAl1().bsrEcxEax().shlCx(LOG2_BUCKET_BYTES).addBxCx();
    code.addAtBx1(BUCKETS).adcAtBx0(BUCKETS + HALF);
    code.jumpIfZero(Program.STOP_FLAG, round);
    return Program.stop(code).assemble();
  }

  private static void countPauses(Assembler code) {
    List<Integer> shorter = new ArrayList<>();
    for (int i = 0; i < THRESHOLD_COUNT; i++) {
      code.cmpEaxAt(THRESHOLDS + i * Integer.BYTES);
      shorter.add(code.jbAhead());
      code.addAtBx1(PAUSES + i * Integer.BYTES);
    }
    shorter.forEach(code::land);
  }
}
