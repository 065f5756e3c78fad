package io.kvmstats.core.statsfd;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The stats file's layout, byte by byte ({@code include/uapi/linux/kvm.h}, Linux 6.12), and the
 * limits within which this version reads one.
 *
 * <pre>
 *  struct kvm_stats_header                       struct kvm_stats_desc
 *   0      4      8     12     16     20     24   0      4    6    8     12     16
 *  +------+------+------+------+------+------+   +------+----+----+------+------+---------+
 *  |flags |name_ |num_  |id_   |desc_ |data_ |   |flags |exp |size|offset|bucket| name    |
 *  |      |size  |desc  |offset|offset|offset|   | u32  |s16 |u16 | u32  |_size | char[]  |
 *  +------+------+------+------+------+------+   +------+----+----+------+------+---------+
 *                                                                                name_size
 * </pre>
 *
 * The header stands at 0. The id ({@code name_size} bytes, NUL-terminated), the descriptors (one
 * every {@code 16 + name_size} bytes) and the data (u64 values where the descriptors' offsets say)
 * stand wherever the header says: they need be neither adjacent nor in that order, but do not
 * overlap, and start on 8 bytes. A descriptor's offset counts from the start of the data.
 */
final class StatsFileLayout {
  static final long HEADER_BYTES = 24;
  static final long HEADER_FLAGS = 0;
  static final long HEADER_NAME_SIZE = 4;
  static final long HEADER_NUM_DESC = 8;
  static final long HEADER_ID_OFFSET = 12;
  static final long HEADER_DESC_OFFSET = 16;
  static final long HEADER_DATA_OFFSET = 20;

  static final long DESC_FLAGS = 0;
  static final long DESC_EXPONENT = 4;
  static final long DESC_SIZE = 6;
  static final long DESC_OFFSET = 8;
  static final long DESC_BUCKET_SIZE = 12;
  static final long DESC_NAME = 16;

  /** KVM_STATS_NAME_SIZE is 48 since the interface was merged; it may grow. */
  static final long NAME_BYTES_MAX = 1024;

  /** The longest list of any architecture has 105 (s390, Linux 6.12). */
  static final long DESCRIPTORS_MAX = 4096;

  /** x86's vCPU data has 1,104 bytes (Linux 6.12). */
  static final long DATA_BYTES_MAX = 1 << 20;

  /** No block ends behind this. */
  static final long FILE_BYTES_MAX = 1 << 24;

  private StatsFileLayout() {}

  static ValueLayout.OfInt u32(ByteOrder order) {
    return ValueLayout.JAVA_INT_UNALIGNED.withOrder(order);
  }

  static ValueLayout.OfShort u16(ByteOrder order) {
    return ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(order);
  }
}
