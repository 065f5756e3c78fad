package io.kvmstats.core.statsfd;

import static io.kvmstats.core.statsfd.StatsFileLayout.FILE_BYTES_MAX;

import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The rules that a stats file keeps, for those who write one: what the kernel's selftest asserts
 * ({@code tools/testing/selftests/kvm/kvm_binary_stats_test.c}, Linux 6.12), and more.
 *
 * <p>Stricter than {@link StatsFileDecoder}, which refuses only what it can't read: here a type of
 * the future is a violation too.
 */
public final class StatsFileRules {
  /** Offsets and lengths that cut blocks, descriptors and values where readers rarely do. */
  private static final int[] ODD_LENGTHS = {1, 3, 7, 13, 64, 129, 1000};

  private static final int CHUNK_BYTES = 1 << 16;

  private final ByteSource source;
  private final List<Violation> violations = new ArrayList<>();

  private StatsFileRules(ByteSource source) {
    this.source = source;
  }

  /**
   * A rule that is broken.
   *
   * @param rule what should be
   * @param place where it is not: a byte, a descriptor, a statistic
   * @param found what is there instead
   */
  public record Violation(String rule, String place, String found) {}

  /**
   * Checks a file, apart from how its values move.
   *
   * @param source the file
   * @param order the byte order of the host that wrote it
   * @return the rules it breaks; when it can't be decoded at all, the first reason
   * @throws IOException when the source fails
   */
  public static List<Violation> check(ByteSource source, ByteOrder order) throws IOException {
    StatsFileRules rules = new StatsFileRules(source);
    StatsFile file;
    try {
      file = StatsFileDecoder.decode(source, order);
    } catch (MalformedStatsException e) {
      rules.violated("the layout can be decoded", "the file", String.valueOf(e.getMessage()));
      return rules.violations;
    }
    if (!file.id().startsWith("kvm")) {
      rules.violated("the id starts with kvm", "id", file.id().isEmpty() ? "nothing" : file.id());
    }
    file.schema().descriptors().forEach(rules::checkDescriptor);
    rules.checkOffsets(file.schema());
    rules.checkReads(file, order);
    return rules.violations;
  }

  /**
   * Checks how values moved between two samples of one object.
   *
   * @param before the earlier one
   * @param after the later one, of the same schema
   * @return the rules that are broken
   */
  public static List<Violation> checkMoves(Sample before, Sample after) {
    List<Violation> violations = new ArrayList<>();
    for (Descriptor descriptor : after.schema().descriptors()) {
      boolean grows = descriptor.type().isCumulative() || descriptor.type() == StatType.PEAK;
      for (int i = 0; i < descriptor.size(); i++) {
        String place = descriptor.name() + (descriptor.size() > 1 ? "[" + i + "]" : "");
        if (!before.has(descriptor) || !after.has(descriptor)) {
          violations.add(new Violation("every value can be read", place, "it was absent"));
          break;
        }
        long was = before.value(descriptor, i);
        long is = after.value(descriptor, i);
        if (grows && Long.compareUnsigned(is, was) < 0) {
          violations.add(
              new Violation(
                  "a cumulative or peak value never falls",
                  place,
                  Long.toUnsignedString(was) + ", then " + Long.toUnsignedString(is)));
        }
        checkBoolean(descriptor, place, is).ifPresent(violations::add);
      }
    }
    return violations;
  }

  private static Optional<Violation> checkBoolean(Descriptor descriptor, String place, long value) {
    return descriptor.unit() == Unit.BOOLEAN
            && !descriptor.type().isHistogram()
            && Long.compareUnsigned(value, 1) > 0
        ? Optional.of(new Violation("a boolean is 0 or 1", place, Long.toUnsignedString(value)))
        : Optional.empty();
  }

  private void checkDescriptor(Descriptor descriptor) {
    String name = descriptor.name();
    if (descriptor.type() == StatType.UNKNOWN) {
      violated("the type is one of the kernel's", name, "type " + descriptor.typeCode());
    }
    if (descriptor.base() == Base.UNKNOWN) {
      violated("the base is one of the kernel's", name, "base " + descriptor.baseCode());
    }
    int known = 0xfff;
    if ((descriptor.flags() & ~known) != 0) {
      violated(
          "flags above bit 11 are 0",
          name,
          String.format(Locale.ROOT, "flags 0x%x", descriptor.flags()));
    }
    int exponent = descriptor.exponent();
    switch (descriptor.unit()) {
      case NONE, BYTES, CYCLES -> {
        if (exponent < 0) {
          violated(
              "the exponent of a count, of bytes and cycles is not negative",
              name,
              Integer.toString(exponent));
        }
      }
      case SECONDS -> {
        if (exponent > 0) {
          violated("the exponent of seconds is not positive", name, Integer.toString(exponent));
        }
      }
      case BOOLEAN -> {
        if (exponent != 0) {
          violated("the exponent of a boolean is 0", name, Integer.toString(exponent));
        }
        // Documentation/virt/kvm/api.rst, Linux 6.12.
        if (descriptor.type() == StatType.LOG_HISTOGRAM) {
          violated("a histogram of booleans is linear", name, "a log histogram");
        }
        if (descriptor.type() == StatType.LINEAR_HISTOGRAM && descriptor.size() != 2) {
          violated("a histogram of booleans has two buckets", name, descriptor.size() + " buckets");
        }
      }
      case UNKNOWN ->
          violated("the unit is one of the kernel's", name, "unit " + descriptor.unitCode());
    }
    if (!descriptor.type().isHistogram() && descriptor.size() != 1) {
      violated("only a histogram has more than one value", name, descriptor.size() + " values");
    }
    if (descriptor.type() != StatType.LINEAR_HISTOGRAM && descriptor.bucketSize() != 0) {
      violated(
          "only a linear histogram has a bucket_size",
          name,
          Long.toString(descriptor.bucketSize()));
    }
  }

  /** The selftest and QEMU (accel/kvm/kvm-all.c, 8.1) read as many bytes as the sizes add up to. */
  private void checkOffsets(Schema schema) {
    long bytes = schema.descriptors().stream().mapToLong(d -> (long) d.size() * Long.BYTES).sum();
    for (Descriptor descriptor : schema.descriptors()) {
      if (descriptor.end() > bytes) {
        violated(
            "the values lie in as many bytes as their sizes add up to",
            descriptor.name(),
            "data offset " + descriptor.offset() + " of " + bytes);
      }
    }
  }

  /** Reads are as pread's: any offset, any length, short at the end, nothing behind it. */
  private void checkReads(StatsFile file, ByteOrder order) throws IOException {
    long dataEnd = file.dataOffset() + file.schema().dataBytes();
    byte[] whole = new byte[Math.toIntExact(dataEnd)];
    long all = read(whole, 0, whole.length);
    if (all != whole.length) {
      violated("the whole file can be read at once", "byte 0", all + " of " + dataEnd + " bytes");
      return;
    }
    MemorySegment data = MemorySegment.ofArray(whole).asSlice(file.dataOffset());
    Sample sample = new Sample(file.schema(), 0, 0, data, order);
    for (Descriptor descriptor : file.schema().descriptors()) {
      checkBoolean(descriptor, descriptor.name(), sample.value(descriptor))
          .ifPresent(violations::add);
    }
    for (int length : ODD_LENGTHS) {
      for (long offset = 0; offset < dataEnd; offset += length + 1L) {
        int expected = Math.toIntExact(Math.min(length, dataEnd - offset));
        byte[] part = new byte[expected];
        long n = read(part, offset, expected);
        // The data may have moved since; the rest may not.
        int still = Math.toIntExact(Math.clamp(file.dataOffset() - offset, 0, expected));
        int at = Math.toIntExact(offset);
        if (n != expected) {
          violated(
              "a read is short only at the end of the file",
              "byte " + offset,
              n + " of " + expected + " bytes");
          return;
        }
        if (!Arrays.equals(part, 0, still, whole, at, at + still)) {
          violated(
              "what is before the data never changes",
              "byte " + offset,
              "other bytes in a read of " + expected);
          return;
        }
      }
    }
    checkEnd(dataEnd);
  }

  /** The end may be behind the data: a later kernel's statistics may be there. */
  private void checkEnd(long dataEnd) throws IOException {
    byte[] chunk = new byte[CHUNK_BYTES];
    long end = dataEnd;
    long more = read(chunk, end, chunk.length);
    while (more > 0 && end < FILE_BYTES_MAX) {
      end += more;
      more = read(chunk, end, chunk.length);
    }
    if (end < FILE_BYTES_MAX) {
      checkReadsAcross(end);
      more = read(chunk, FILE_BYTES_MAX, Long.BYTES);
    }
    if (more != 0) {
      violated("a read behind the end gives 0 bytes", "byte " + FILE_BYTES_MAX, more + " bytes");
    }
  }

  private void checkReadsAcross(long end) throws IOException {
    for (int length : ODD_LENGTHS) {
      long before = Math.min(length / 2, end);
      long n = read(new byte[length], end - before, length);
      if (n != before) {
        violated(
            "a read across the end gives what is before it",
            "byte " + (end - before),
            n + " of " + before + " bytes");
        return;
      }
    }
  }

  private long read(byte[] into, long offset, int length) throws IOException {
    return source.read(offset, MemorySegment.ofArray(into).asSlice(0, length));
  }

  private void violated(String rule, String place, String found) {
    violations.add(new Violation(rule, place, found));
  }
}
