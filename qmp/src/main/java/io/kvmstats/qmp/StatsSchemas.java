package io.kvmstats.qmp;

import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.JsonParser;

/**
 * Reads the answer to query-stats-schemas: what the statistics are, by target ("vm", "vcpu") and
 * name.
 *
 * <p>It does not say how many values a histogram has: descriptors come with a size of 1 and an
 * offset of 0, for whoever has seen the values to complete.
 */
final class StatsSchemas implements Values.Reader<Map<String, Map<String, Descriptor>>> {
  static final int STATS_MAX = 4096;
  private static final int SCHEMAS_MAX = 64;

  /** As a stats file's descriptors have them: 16 bits. */
  private static final int EXPONENT_MAX = Short.MAX_VALUE;

  private static final long BUCKET_SIZE_MAX = 0xffff_ffffL;

  /** What no version uses stands for what this one does not know. */
  private static final int UNKNOWN_TYPE = 0xf;

  private static final int UNKNOWN_UNIT = 0xf0;
  private static final int UNKNOWN_BASE = 0xf00;

  @Override
  public Map<String, Map<String, Descriptor>> read(JsonParser json) throws IOException {
    Map<String, Map<String, Descriptor>> targets = new HashMap<>();
    Values.list(
        json,
        SCHEMAS_MAX,
        schema -> {
          Schema read = new Schema();
          Values.object(schema, read);
          if (read.provider.equals("kvm") && targets.putIfAbsent(read.target, read.stats) != null) {
            throw new MalformedAnswerException("there are two schemas of " + read.target);
          }
        });
    return targets;
  }

  private static final class Schema implements Values.Member {
    String provider = "";
    String target = "";
    final Map<String, Descriptor> stats = new LinkedHashMap<>();

    @Override
    public void read(String name, JsonParser json) throws IOException {
      switch (name) {
        case "provider" -> provider = Values.text(json);
        case "target" -> target = Values.text(json);
        case "stats" ->
            Values.list(
                json,
                STATS_MAX,
                stat -> {
                  Stat read = new Stat();
                  Values.object(stat, read);
                  Descriptor descriptor = read.descriptor();
                  if (stats.putIfAbsent(descriptor.name(), descriptor) != null) {
                    throw new MalformedAnswerException(
                        "two statistics are named " + descriptor.name());
                  }
                });
        default -> Values.skip(json);
      }
    }
  }

  private static final class Stat implements Values.Member {
    private String name = "";
    private String type = "";
    private String unit = "";
    private int base = Base.POW10.radix();
    private int exponent;
    private long bucketSize;

    @Override
    public void read(String member, JsonParser json) throws IOException {
      switch (member) {
        case "name" -> name = StatsSchemas.name(json);
        case "type" -> type = Values.text(json);
        case "unit" -> unit = Values.text(json);
        case "base" -> base = Values.integer(json, Byte.MIN_VALUE, Byte.MAX_VALUE);
        case "exponent" -> exponent = Values.integer(json, -EXPONENT_MAX, EXPONENT_MAX);
        case "bucket-size" -> {
          bucketSize = Values.unsigned(json);
          if (bucketSize < 0 || bucketSize > BUCKET_SIZE_MAX) {
            throw new MalformedAnswerException("a bucket is too wide: " + bucketSize);
          }
        }
        default -> Values.skip(json);
      }
    }

    Descriptor descriptor() throws IOException {
      if (name.isEmpty()) {
        throw new MalformedAnswerException("a statistic has no name");
      }
      return new Descriptor(name, type() | unit() | base(), exponent, 1, 0, bucketSize);
    }

    private int type() {
      return switch (type) {
        case "cumulative" -> StatType.CUMULATIVE.code();
        case "instant" -> StatType.INSTANT.code();
        case "peak" -> StatType.PEAK.code();
        case "linear-histogram" -> StatType.LINEAR_HISTOGRAM.code();
        case "log2-histogram" -> StatType.LOG_HISTOGRAM.code();
        default -> UNKNOWN_TYPE;
      };
    }

    private int unit() {
      return switch (unit) {
        case "" -> flags(Unit.NONE);
        case "bytes" -> flags(Unit.BYTES);
        case "seconds" -> flags(Unit.SECONDS);
        case "cycles" -> flags(Unit.CYCLES);
        case "boolean" -> flags(Unit.BOOLEAN);
        default -> UNKNOWN_UNIT;
      };
    }

    private static int flags(Unit unit) {
      return Descriptor.flags(StatType.CUMULATIVE, unit, Base.POW10);
    }

    private int base() {
      if (base == Base.POW10.radix()) {
        return 0;
      }
      return base == Base.POW2.radix()
          ? Descriptor.flags(StatType.CUMULATIVE, Unit.NONE, Base.POW2)
          : UNKNOWN_BASE;
    }
  }

  /** {@return a statistic's name, which goes to people's terminals} */
  static String name(JsonParser json) throws IOException {
    String name = Values.text(json);
    if (!name.matches("[!-~]{1,255}")) {
      throw new MalformedAnswerException("a statistic's name is not printable, or too long");
    }
    return name;
  }
}
