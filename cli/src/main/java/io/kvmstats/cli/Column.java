package io.kvmstats.cli;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A statistic as a column of {@code watch}.
 *
 * @param stat its name
 * @param kind what is shown of it
 */
record Column(String stat, Kind kind) {
  /** What is shown of a statistic, by its type and unit. */
  enum Kind {
    /** How often per second it was counted. */
    RATE,
    /** The share of time it took. */
    SHARE,
    /** Its value now. */
    VALUE
  }

  /** What a reader who asked for nothing else wants to see first. */
  private static final List<Column> DEFAULT =
      List.of(
          new Column("exits", Kind.RATE),
          new Column("halt_exits", Kind.RATE),
          new Column("insn_emulation", Kind.RATE),
          new Column("halt_wait_ns", Kind.SHARE),
          new Column("schedstat.wait_ns", Kind.SHARE));

  /** {@return the columns asked for, of all that any object has, in the schemas' order} */
  static List<Column> of(Selection selection, List<VmmView> vmms) {
    if (selection.everyStat()) {
      return DEFAULT;
    }
    Map<String, Column> columns = new LinkedHashMap<>();
    for (VmmView vmm : vmms) {
      for (ObjectView object : vmm.objects()) {
        for (Descriptor descriptor : object.schema().descriptors()) {
          if (selection.wants(descriptor) && !descriptor.type().isHistogram()) {
            columns.putIfAbsent(descriptor.name(), of(descriptor));
          }
        }
      }
    }
    return new ArrayList<>(columns.values());
  }

  private static Column of(Descriptor descriptor) {
    boolean cumulative = descriptor.type() == StatType.CUMULATIVE;
    Kind kind =
        !cumulative ? Kind.VALUE : descriptor.unit() == Unit.SECONDS ? Kind.SHARE : Kind.RATE;
    return new Column(descriptor.name(), kind);
  }

  /** {@return what stands above the column: the kernel's name, and what is shown of it} */
  String heading() {
    return switch (kind) {
      case RATE -> stat + "/s";
      case SHARE -> (stat.endsWith("_ns") ? stat.substring(0, stat.length() - 3) : stat) + " %";
      case VALUE -> stat;
    };
  }

  /** {@return the column's name for programs, which says what is in it} */
  String csvHeading() {
    return switch (kind) {
      case RATE -> stat + "_per_second";
      case SHARE -> stat + "_share";
      case VALUE -> stat;
    };
  }
}
