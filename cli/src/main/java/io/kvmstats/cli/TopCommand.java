package io.kvmstats.cli;

import io.kvmstats.collect.HostView;
import io.kvmstats.core.text.Text;
import io.kvmstats.tui.Top;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
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
      "Shows the VMs of this host on the terminal, live: what they do, their vCPUs, all that KVM"
          + " counts for each, and histograms over time. ? says what the keys do; they are kvm_stat's"
          + " and htop's.",
      "With --batch, or without a terminal, it prints what KVM counts for all VMs together, as"
          + " kvm_stat does: a line per statistic with its name, its sum over all VMs, and how much"
          + " that grew in the interval; raw numbers, as the kernel has them. What is unknown is left"
          + " out or left blank, and the VMs that the sums are without are named.",
      "Columns that were chosen (C) are kept in $XDG_CONFIG_HOME/kvmstats/toprc, or in ~/.config."
          + " NO_COLOR turns colours off."
    },
    mixinStandardHelpOptions = true)
final class TopCommand implements Callable<Integer> {
  /** Those of kvm_stat, whose terminal waits for tenths of seconds in a byte. */
  private static final Duration INTERVAL_MIN = Duration.ofMillis(100);

  private static final Duration INTERVAL_MAX = Duration.ofMillis(25_500);

  private static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);

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
      description = "Time between readings, 0.1 to 25.5; ${DEFAULT-VALUE} by default.")
  private Duration interval = Duration.ZERO;

  @Override
  public Integer call() throws IOException {
    check(interval, spec);
    if (!batch && hasTerminal()) {
      new Top(interval, selection::wants, settings())
          .run(selection.host(Optional.of(interval)), FOREVER);
      return Exit.DONE;
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
      return batch(host);
    }
  }

  static void check(Duration interval, CommandSpec spec) {
    if (interval.compareTo(INTERVAL_MIN) < 0 || interval.compareTo(INTERVAL_MAX) > 0) {
      throw new ParameterException(spec.commandLine(), "--interval is 0.1 to 25.5 seconds");
    }
  }

  /** To show a screen and to be told something: a console is both. */
  static boolean hasTerminal() {
    String type = System.getenv("TERM");
    return type != null
        && !type.isEmpty()
        && !type.equals("dumb")
        && Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
  }

  /** {@return the file that the columns chosen are kept in} */
  static Path settings() {
    String config = System.getenv("XDG_CONFIG_HOME");
    String home = Objects.requireNonNullElse(System.getenv("HOME"), "/");
    // The XDG Base Directory Specification has relative ones ignored.
    Path folder =
        config != null && config.startsWith("/") ? Path.of(config) : Path.of(home, ".config");
    return folder.resolve("kvmstats").resolve("toprc");
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
