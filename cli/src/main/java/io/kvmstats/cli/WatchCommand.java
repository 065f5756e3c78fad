package io.kvmstats.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code kvmstats watch}. */
@Command(
    name = "watch",
    description = {
      "Prints what happened in each interval: a row per VM and vCPU, like vmstat.",
      "Without --stat: exits, halts and instruction emulations per second, and the share of time"
          + " that vCPUs waited halted. A halt counts when it ends, so a share can exceed 100 %%."
    },
    mixinStandardHelpOptions = true)
final class WatchCommand implements Callable<Integer> {
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
          "One of ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default. JSON is one document per"
              + " interval, each on a line.")
  private Format format = Format.TABLE;

  @Override
  public Integer call() throws IOException {
    return new Watcher(selection, format, interval, count).run();
  }
}
