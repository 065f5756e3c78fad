package io.kvmstats.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
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
          + " that vCPUs waited halted. A halt counts when it ends, so a share can exceed 100 %%."
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

  @Mixin private FormatOption format = new FormatOption();

  @Override
  public Integer call() throws IOException {
    if (count < 1) {
      throw new ParameterException(spec.commandLine(), "--count is 1 or more, not " + count);
    }
    return new Watcher(selection, format.get(), interval, count, FOREVER).run();
  }
}
