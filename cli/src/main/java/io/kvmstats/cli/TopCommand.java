package io.kvmstats.cli;

import io.kvmstats.collect.HostView;
import io.kvmstats.core.text.Text;
import java.io.Console;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvmstats top}. */
@Command(
    name = "top",
    description = {
      "Shows what KVM counts for all VMs together, as kvm_stat does.",
      "A line per statistic: its name, its sum over all VMs, and how much that grew in the interval;"
          + " raw numbers, as the kernel has them. What is unknown is left out or left blank, and the"
          + " VMs that the sums are without are named. Histograms are not shown."
    },
    mixinStandardHelpOptions = true)
final class TopCommand implements Callable<Integer> {
  /** Those of kvm_stat, whose terminal waits for tenths of seconds in a byte. */
  private static final Duration INTERVAL_MIN = Duration.ofMillis(100);

  private static final Duration INTERVAL_MAX = Duration.ofMillis(25_500);

  @Spec private CommandSpec spec;
  @Mixin private Selection selection = new Selection();

  @Option(
      names = {"-1", "--once", "--batch"},
      description = "Print one interval as plain text and end, as without a terminal.")
  private boolean batch;

  @Option(
      names = {"-i", "--interval"},
      paramLabel = "SECONDS",
      defaultValue = "1",
      converter = Interval.class,
      description = "How long to look, 0.1 to 25.5; ${DEFAULT-VALUE} by default.")
  private Duration interval = Duration.ZERO;

  @Override
  public Integer call() throws IOException {
    if (interval.compareTo(INTERVAL_MIN) < 0 || interval.compareTo(INTERVAL_MAX) > 0) {
      throw new ParameterException(spec.commandLine(), "--interval is 0.1 to 25.5 seconds");
    }
    try (HostView host = selection.host(Optional.of(interval))) {
      host.refresh();
      selection.troubles(host).forEach(Messages::say);
      if (host.vmms().stream().allMatch(vmm -> vmm.objects().isEmpty())) {
        return Exit.NOTHING_TO_READ;
      }
      if (HostSum.names(selection, host.vmms()).isEmpty()) {
        Messages.say(HostSum.NOTHING);
        return Exit.NOTHING_TO_READ;
      }
      return batch || !hasTerminal() ? batch(host) : screen(host);
    }
  }

  /** To show something and to be told something: a console is both. */
  private static boolean hasTerminal() {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
  }

  /** The one place where the terminal's screen comes in. Until it does: what there is without. */
  private int screen(HostView host) throws IOException {
    return batch(host);
  }

  private int batch(HostView host) throws IOException {
    host.sweep(Duration.ZERO);
    Watcher.sleepUntil(System.nanoTime() + interval.toNanos());
    // Nothing is looked for in between: a VM that ends is read to its last count.
    host.sweep(Duration.ZERO);
    HostSum sum = HostSum.of(selection, host.vmms());
    sum.sayWithout();
    new Output().print(text(sum));
    return Exit.DONE;
  }

  /**
   * {@return kvm_stat's batch layout, Python's '%-42s%10d%10d', but for the blank that numbers of
   * ten digits and more have before them: without it two would be one}
   */
  static String text(HostSum sum) {
    StringBuilder out = new StringBuilder();
    sum.stats()
        .forEach((name, stat) -> {
          String delta = stat.delta().map(Object::toString).orElse("");
          out.append(
              String.format(
                  Locale.ROOT, "%-42s %9s %9s", Text.printable(name), stat.total(), delta));
          out.append('\n');
        });
    return out.toString();
  }
}
