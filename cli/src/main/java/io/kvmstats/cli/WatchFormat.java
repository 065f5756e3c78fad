package io.kvmstats.cli;

/** How {@code watch} prints what it sees. */
enum WatchFormat {
  /** For people. */
  TABLE("table"),
  /** A document per interval, on a line. */
  JSON("json"),
  /** A line per VM and vCPU. */
  CSV("csv"),
  /** A line per interval, for what reads kvm_stat's. */
  KVM_STAT_CSV("kvm_stat-csv");

  private final String label;

  WatchFormat(String label) {
    this.label = label;
  }

  SweepPrinter printer(Selection selection) {
    return switch (this) {
      case TABLE -> new RatePrinter(Format.TABLE, selection);
      case JSON -> new RatePrinter(Format.JSON, selection);
      case CSV -> new RatePrinter(Format.CSV, selection);
      case KVM_STAT_CSV -> new KvmStatCsv(selection);
    };
  }

  @Override
  public String toString() {
    return label;
  }
}
