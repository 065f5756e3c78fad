package io.kvmstats.cli;

import io.kvmstats.guest.Guest;
import io.kvmstats.tui.Top;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvmstats demo}. */
@Command(
    name = "demo",
    description = {
      "Starts real VMs through /dev/kvm, each in a process of its own, and watches them: on a terminal"
          + " as 'kvmstats top' does, with --format or without a terminal as 'kvmstats watch' does.",
      "Their vCPUs compute, write to a port, write to an address without memory, or sleep until"
          + " their timer wakes them. They end with the command.",
      "Without /dev/kvm the VMs are simulated, and called so; see 'kvmstats simulate'."
    },
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  private static final int VMS_MAX = 64;
  private static final long SEED = 1;
  private static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);

  @Spec private CommandSpec spec;

  @Option(
      names = "--vms",
      defaultValue = "2",
      description = "How many VMs, at most " + VMS_MAX + "; ${DEFAULT-VALUE} by default.")
  private int vms;

  @Option(
      names = "--vcpus",
      defaultValue = "2",
      description =
          "How many vCPUs each, at most " + Guest.VCPUS_MAX + "; ${DEFAULT-VALUE} by default.")
  private int vcpus;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      converter = Interval.class,
      description = "How long; until interrupted by default.")
  private @Nullable Duration seconds;

  @Option(
      names = {"-i", "--interval"},
      paramLabel = "SECONDS",
      defaultValue = "1",
      converter = Interval.class,
      description = "Time between tables; ${DEFAULT-VALUE} by default.")
  private Duration interval = Duration.ZERO;

  @Mixin private FormatOption format = new FormatOption();

  @Override
  public Integer call() throws IOException {
    check("--vms", vms, VMS_MAX);
    check("--vcpus", vcpus, Guest.VCPUS_MAX);
    String obstacle = GuestObstacle.find();
    if (obstacle != null) {
      Messages.say(obstacle);
      Messages.say("so these VMs are simulated: they and all their numbers are made up");
    }
    boolean screen =
        !spec.commandLine().getParseResult().hasMatchedOption("--format")
            && TopCommand.hasTerminal();
    if (screen) {
      TopCommand.check(interval, spec);
    }
    Messages.say("starting " + vms + (vms == 1 ? " VM" : " VMs"));
    try (DemoVms guests = start(obstacle == null)) {
      guests.sentences().forEach(Messages::say);
      Selection selection = new Selection();
      selection.pids.addAll(guests.pids());
      selection.sources.alone();
      Duration limit = seconds == null ? FOREVER : seconds;
      if (screen) {
        new Top(interval, selection::wants, TopCommand.settings())
            .run(selection.host(Optional.of(interval)), limit);
        return Exit.DONE;
      }
      SweepPrinter printer = new RatePrinter(format.get(), selection);
      return new Watcher(selection, printer, interval, Long.MAX_VALUE, limit).run(new Output());
    }
  }

  private DemoVms start(boolean real) throws IOException {
    return real ? DemoGuests.start(vms, vcpus) : SimulatedVms.start(vms, vcpus, SEED);
  }

  private void check(String option, int value, int max) {
    if (value < 1 || value > max) {
      throw new ParameterException(
          spec.commandLine(), option + " is 1 to " + max + ", not " + value);
    }
  }
}
