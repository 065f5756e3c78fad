package io.kvmstats.cli;

import io.kvmstats.broker.BrokerView;
import io.kvmstats.collect.Collector;
import io.kvmstats.collect.HostView;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.linux.Errno;
import io.kvmstats.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where the numbers come from: the options that the reading commands share. */
final class SourceOptions {
  /** Where a broker listens unless it is told to elsewhere. */
  static final Path DEFAULT_BROKER = Path.of("/run/kvmstats/broker.sock");

  private static final String NONE = "none";

  /** There is no broker for this user, which is nothing to talk about. */
  private static final Set<Integer> NO_BROKER =
      Set.of(Errno.ENOENT, Errno.ECONNREFUSED, Errno.EACCES);

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec spec;

  @Mixin private AttachOption attach = new AttachOption();

  @Option(
      names = "--broker",
      paramLabel = "SOCKET",
      description =
          "Read from the broker that listens there, or 'none': by this process itself. By default"
              + " from the one at /run/kvmstats/broker.sock, if it is there and this user may.")
  private @Nullable String broker;

  /** Has this process read by itself, whether there is a broker or not. */
  void alone() {
    broker = NONE;
  }

  /** Which VMs are wanted. */
  interface Wanted {
    boolean test(int pid, VmIdentity identity);
  }

  /**
   * {@return a view of the VMs wanted, which has not looked yet}
   *
   * @param interval how often numbers are wanted; empty for once
   */
  HostView host(Wanted wanted, Optional<Duration> interval) throws IOException {
    if (broker != null && attach.get()) {
      throw new ParameterException(
          Objects.requireNonNull(spec).commandLine(),
          "--attach is the broker's to decide: give one of --broker, --attach");
    }
    if (broker != null && !broker.equals(NONE)) {
      return view(Path.of(broker), wanted, interval);
    }
    if (broker == null && !attach.get() && Files.exists(DEFAULT_BROKER)) {
      try {
        return view(DEFAULT_BROKER, wanted, interval);
      } catch (LinuxException e) {
        if (!NO_BROKER.contains(e.errno())) {
          Messages.say(e.getMessage() + ": reading without it");
        }
      }
    }
    return new Collector(vmm -> wanted.test(vmm.pid(), vmm.identity()), attach.get());
  }

  private static HostView view(Path path, Wanted wanted, Optional<Duration> interval)
      throws IOException {
    BrokerView view = new BrokerView(path, vmm -> wanted.test(vmm.pid(), vmm.identity()), interval);
    if (interval.isPresent() && interval.get().compareTo(view.intervalLimit()) < 0) {
      Messages.say(
          "the broker reads every "
              + Text.seconds(view.intervalLimit().toNanos() / 1e9)
              + " at most");
    }
    return view;
  }
}
