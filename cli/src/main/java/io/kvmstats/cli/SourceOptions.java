package io.kvmstats.cli;

import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.FurtherSource;
import io.kvmstats.broker.BrokerView;
import io.kvmstats.collect.Collector;
import io.kvmstats.collect.HostView;
import io.kvmstats.core.text.Text;
import io.kvmstats.discover.VmIdentity;
import io.kvmstats.linux.Errno;
import io.kvmstats.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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
      names = "--qmp",
      description =
          "Ask a QEMU that keeps no stats fds for its numbers, on a QMP socket of its command line"
              + " that nobody else is connected to: before QEMU 8.1 that interrupts every vCPU, at"
              + " each reading.")
  private boolean qmp;

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
    boolean disturbs = attach.get() || qmp;
    if (broker != null && !broker.equals(NONE)) {
      if (disturbs) {
        throw new ParameterException(
            Objects.requireNonNull(spec).commandLine(),
            "a broker decides itself how it reads: give --broker, or --attach and --qmp");
      }
      try {
        return view(Path.of(broker), wanted, interval);
      } catch (LinuxException e) {
        throw new IOException(
            e.getMessage() + ": 'kvmstats broker' starts one, --broker none reads without", e);
      }
    }
    if (broker == null && !disturbs && Files.exists(DEFAULT_BROKER)) {
      try {
        return view(DEFAULT_BROKER, wanted, interval);
      } catch (LinuxException e) {
        if (!NO_BROKER.contains(e.errno())) {
          Messages.say(e.getMessage() + ": reading without it");
        }
      }
    }
    List<FurtherSource> further = qmp ? List.of(new QmpSource()) : List.of();
    return new Collector(
        vmm -> wanted.test(vmm.pid(), vmm.identity()), new Acquirer(attach.get(), further));
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
