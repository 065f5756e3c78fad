package io.kvmstats.broker;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Where things are in the shared file, in the host's byte order; docs/broker.md draws it.
 *
 * <p>Words that the sweep writes and those that change with the VMs are in cache lines of their
 * own.
 */
final class TableLayout {
  /** The bytes "kvmstats", whatever the byte order. */
  static final byte[] MAGIC = {'k', 'v', 'm', 's', 't', 'a', 't', 's'};

  static final int VERSION = 1;

  static final long MAGIC_AT = 0;
  static final long VERSION_AT = 8;
  static final long HEADER_BYTES_AT = 12;
  static final long FILE_BYTES_AT = 16;
  static final long DIRECTORY_AT = 24;
  static final long DIRECTORY_ROOM_AT = 32;
  static final long SLOTS_AT = 40;
  static final long INTERVAL_LIMIT_AT = 48;

  /** Odd while the directory is written. */
  static final long GENERATION_AT = 64;

  static final long DIRECTORY_BYTES_AT = 72;

  /** Not 0 when this table is not written any more, and the broker has another one. */
  static final long REPLACED_AT = 80;

  /** When the last sweep that is over had begun; 0 before the first. */
  static final long SWEEP_BEGAN_AT = 128;

  static final long INTERVAL_AT = 136;

  static final long HEADER_BYTES = 4096;
  static final long DIRECTORY_ROOM = 16L << 20;
  static final long SLOTS_BYTES = 128L << 20;
  static final long FILE_BYTES = HEADER_BYTES + DIRECTORY_ROOM + SLOTS_BYTES;

  static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private TableLayout() {}
}
