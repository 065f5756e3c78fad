package io.kvmstats.cli;

import io.kvmstats.collect.HostView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.discover.Hidden;
import io.kvmstats.discover.VmIdentity;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which VMs and which statistics: the options that the reading commands share. */
final class Selection {
  @Option(
      names = {"-p", "--pid"},
      paramLabel = "PID",
      converter = Pid.class,
      description = "Only VMs of this process; may be given several times.")
  List<Integer> pids = new ArrayList<>();

  @Option(
      names = "--vm",
      paramLabel = "NAME",
      description = "Only VMs of this name or UUID; may be given several times.")
  List<String> names = new ArrayList<>();

  @Option(
      names = "--stat",
      paramLabel = "GLOB",
      converter = Glob.class,
      description = "Only statistics whose name matches, such as 'halt_*'; several times for more.")
  List<PathMatcher> globs = new ArrayList<>();

  @Mixin final SourceOptions sources = new SourceOptions();

  /** Turns a process's number into one that a process can have. */
  static final class Pid implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String pid) {
      try {
        return pid(pid);
      } catch (NumberFormatException e) {
        throw new TypeConversionException("'" + pid + "' is no process id");
      }
    }
  }

  /**
   * {@return a process id}
   *
   * @throws NumberFormatException when it is none
   */
  static int pid(String text) {
    int pid = Integer.parseInt(text);
    if (pid < 1) {
      throw new NumberFormatException(text);
    }
    return pid;
  }

  /** Turns a glob into its matcher. */
  static final class Glob implements ITypeConverter<PathMatcher> {
    @Override
    public PathMatcher convert(String glob) {
      try {
        return glob(glob);
      } catch (PatternSyntaxException e) {
        throw new TypeConversionException("'" + glob + "' is no glob: " + e.getDescription());
      }
    }
  }

  /**
   * {@return what matches a glob}
   *
   * @throws PatternSyntaxException when it is none
   */
  static PathMatcher glob(String glob) {
    return FileSystems.getDefault().getPathMatcher("glob:" + glob);
  }

  /**
   * {@return a view of the VMs asked for, which has not looked yet}
   *
   * @param interval how often numbers are wanted; empty for once
   */
  HostView host(Optional<Duration> interval) throws IOException {
    return sources.host(this::wants, interval);
  }

  boolean wants(int pid, VmIdentity identity) {
    return everyVm() || pids.contains(pid) || isNamed(identity);
  }

  private boolean isNamed(VmIdentity identity) {
    return names.stream().anyMatch(name -> isNamed(identity, name));
  }

  private static boolean isNamed(VmIdentity identity, String name) {
    return identity.name().filter(n -> n.text().equals(name)).isPresent()
        || identity.uuid().filter(u -> u.value().toString().equalsIgnoreCase(name)).isPresent();
  }

  boolean wants(Descriptor descriptor) {
    Path name = Path.of(descriptor.name());
    return globs.isEmpty() || globs.stream().anyMatch(glob -> glob.matches(name));
  }

  boolean everyStat() {
    return globs.isEmpty();
  }

  boolean everyVm() {
    return pids.isEmpty() && names.isEmpty();
  }

  /**
   * {@return what is to be said of VMs that were asked for and can't be read, a line each}
   *
   * @param host after its refresh
   */
  List<String> troubles(HostView host) {
    List<String> lines = new ArrayList<>();
    List<VmmView> found = host.vmms();
    for (VmmView vmm : found) {
      if (vmm.objects().isEmpty()) {
        lines.add(Labels.vm(vmm) + ": " + vmm.shortfall().orElse("no source"));
      }
    }
    for (Hidden hidden : host.hidden()) {
      if (wants(hidden.pid(), hidden.identity())) {
        lines.add(Labels.vm(hidden.name(), hidden.pid()) + ": " + hidden.why());
      }
    }
    for (int pid : pids) {
      if (found.stream().noneMatch(vmm -> vmm.pid() == pid)
          && host.hidden().stream().noneMatch(hidden -> hidden.pid() == pid)) {
        lines.add("process " + pid + " holds no VM that can be seen: try kvmstats list");
      }
    }
    for (String name : names) {
      if (Stream.concat(
              found.stream().map(VmmView::identity), host.hidden().stream().map(Hidden::identity))
          .noneMatch(identity -> isNamed(identity, name))) {
        lines.add("no VM is named " + name + ": try kvmstats list");
      }
    }
    if (everyVm() && found.isEmpty() && host.hidden().isEmpty()) {
      lines.add("no VM runs on this host; 'kvmstats demo' starts some");
    }
    return lines;
  }
}
