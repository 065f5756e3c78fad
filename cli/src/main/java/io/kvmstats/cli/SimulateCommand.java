package io.kvmstats.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvmstats simulate}. */
@Command(
    name = "simulate",
    description = {
      "Runs made-up VMs until it is interrupted, to try out what reads statistics where there is no"
          + " KVM.",
      "Each is a process that publishes x86's statistics, which list, get, watch and the others"
          + " read and mark as published. The vCPUs are idle, busy, in exit storms, halt-polling or"
          + " unplugged, as a script says that is the same for the same seed."
    },
    mixinStandardHelpOptions = true)
final class SimulateCommand implements Callable<Integer> {
  private static final int VMS_MAX = 256;
  private static final int VCPUS_MAX = 1024;
  private static final Duration FOREVER = Duration.ofDays(36_500);

  @Spec private CommandSpec spec;

  @Option(
      names = "--vms",
      defaultValue = "2",
      description =
          "How many VMs, at most " + VMS_MAX + "; each is a process. ${DEFAULT-VALUE} by default.")
  private int vms;

  @Option(
      names = "--vcpus",
      defaultValue = "2",
      description = "How many vCPUs each, at most " + VCPUS_MAX + "; ${DEFAULT-VALUE} by default.")
  private int vcpus;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Which script; ${DEFAULT-VALUE} by default.")
  private long seed;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      converter = Interval.class,
      description = "How long; until interrupted by default.")
  private @Nullable Duration seconds;

  @Override
  public Integer call() throws IOException {
    check("--vms", vms, VMS_MAX);
    check("--vcpus", vcpus, VCPUS_MAX);
    try (SimulatedVms simulated = SimulatedVms.start(vms, vcpus, seed)) {
      simulated.sentences().forEach(Messages::say);
      Messages.say(
          "these VMs are simulated; 'kvmstats watch' in another terminal shows them"
              + (seconds == null ? ", Ctrl-C ends them" : ""));
      sleep(seconds == null ? FOREVER : seconds);
    }
    return Exit.DONE;
  }

  private void check(String option, int value, int max) {
    if (value < 1 || value > max) {
      throw new ParameterException(
          spec.commandLine(), option + " is 1 to " + max + ", not " + value);
    }
  }

  private static void sleep(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // Nobody does: a signal ends the process, and the VMs.
    }
  }
}
