package io.kvmstats.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvmstats watch}. */
@Command(
    name = "watch",
    description = {
      "Prints what happened in each interval: a row per VM and vCPU, like vmstat.",
      "Without --stat: exits, halts and instruction emulations per second, and the share of time"
          + " that vCPUs waited halted. A halt counts when it ends, so a share can exceed 100 %%.",
      "kvm_stat-csv is the CSV of kvm_stat: a line per interval, with what each statistic of KVM's"
          + " grew by, raw and over all VMs; an empty cell is unknown. Columns never go away. When a"
          + " VM has others, a new header comes before the line, as kvm_stat repeats its own."
    },
    mixinStandardHelpOptions = true)
final class WatchCommand implements Callable<Integer> {
  private static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);

  @Spec private CommandSpec spec;
  @Mixin private Selection selection = new Selection();

  @Option(
      names = {"-i", "--interval"},
      paramLabel = "SECONDS",
      defaultValue = "1",
      converter = Interval.class,
      description = "Time between rows; ${DEFAULT-VALUE} by default.")
  private Duration interval = Duration.ZERO;

  @Option(
      names = {"-n", "--count"},
      paramLabel = "COUNT",
      description = "How many intervals to print; until interrupted by default.")
  private long count = Long.MAX_VALUE;

  @Option(
      names = "--format",
      defaultValue = "table",
      description =
          "One of ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default. JSON is one document on a"
              + " line, and a line per interval.")
  private WatchFormat format = WatchFormat.TABLE;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description =
          "Append to this file instead, and at SIGHUP to the one that has its name then, as"
              + " logrotate wants it.")
  private @Nullable Path file;

  @Override
  public Integer call() throws IOException {
    if (count < 1) {
      throw new ParameterException(spec.commandLine(), "--count is 1 or more, not " + count);
    }
    try (Destination destination = file == null ? new Output() : new OutputFile(file)) {
      SweepPrinter printer = format.printer(selection);
      return new Watcher(selection, printer, interval, count, FOREVER).run(destination);
    }
  }
}
