package io.kvmstats.acquire;

import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.statsfd.StatsFile;
import io.kvmstats.discover.KvmFd;
import io.kvmstats.discover.Vmm;
import io.kvmstats.discover.VmmThread;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads VMs from KVM's folder in debugfs, as its user would.
 *
 * <p>Each VM has a folder there, named after the thread that made it and the number of its
 * descriptor; a vCPU's statistics are in it only as the sum over all vCPUs ({@code
 * kvm_create_vm_debugfs} and {@code kvm_stat_data_get}, {@code virt/kvm/kvm_main.c}, Linux 6.12).
 * Reading disturbs no guest.
 */
final class Debugfs implements FurtherSource {
  /** PROC_PID_INIT_INO (include/linux/proc_ns.h, Linux 6.12). */
  private static final String HOSTS_PIDS = "pid:[4026531836]";

  private static final String LIMITS = "debugfs has the sums over all vCPUs, and no histograms";

  private static final String LOCKED_DOWN =
      ", and most of it is unreadable, since the kernel is locked down: stats fds are not";

  private static final Pattern ESCAPED = Pattern.compile("\\\\([0-3][0-7]{2})");

  private final Path proc;
  private final @Nullable Path given;
  private @Nullable Catalog catalog;

  /** Makes one that looks for where this machine's debugfs is mounted. */
  Debugfs() {
    this(Path.of("/proc"), null);
  }

  /**
   * Makes one for tests.
   *
   * @param proc where /proc is
   * @param given where debugfs is; null to look for it
   */
  Debugfs(Path proc, @Nullable Path given) {
    this.proc = proc;
    this.given = given;
  }

  @Override
  public Found acquire(Vmm vmm, List<KvmFd> missing) throws IOException {
    List<StatsObject> objects = new ArrayList<>();
    try {
      if (catalog == null) {
        catalog = Catalog.load();
      }
      int unreadable = 0;
      for (KvmFd vm : missing) {
        if (vm.kind() == KvmFd.Kind.VM) {
          Path folder = folder(vmm, vm);
          DebugfsVm files = DebugfsVm.open(folder, catalog);
          StatsFile file = new StatsFile(String.valueOf(folder.getFileName()), files.schema(), 0);
          objects.addAll(Polling.start(files, Source.DEBUGFS, List.of(vm), List.of(file)));
          unreadable += files.unreadable();
        }
      }
      return new Found(objects, Optional.of(unreadable == 0 ? LIMITS : LIMITS + LOCKED_DOWN));
    } catch (IOException e) {
      objects.forEach(StatsObject::close);
      String why =
          e instanceof AccessDeniedException denied
              ? denied.getFile() + " is for root alone"
              : String.valueOf(e.getMessage());
      throw new IOException("debugfs: " + why, e);
    }
  }

  private Path folder(Vmm vmm, KvmFd vm) throws IOException {
    if (!Files.readSymbolicLink(proc.resolve("self/ns/pid")).toString().equals(HOSTS_PIDS)) {
      throw new IOException(
          "it names VMs by the host's process ids, and this process has its own (a container's):"
              + " run outside of it");
    }
    Path kvm = (given != null ? given : mount()).resolve("kvm");
    Set<Integer> tids =
        VmmThread.of(vmm.pid()).stream().map(VmmThread::tid).collect(Collectors.toSet());
    Set<Integer> makers = new TreeSet<>(tids); // The main thread has the smallest, mostly.
    for (int tid : makers) {
      Path folder = kvm.resolve(tid + "-" + vm.number());
      if (exists(folder)) {
        check(folder, vmm, tids);
        return folder;
      }
    }
    throw new NoSuchFileException(kvm + "/" + vmm.pid() + "-" + vm.number() + " is not there");
  }

  /** Files.exists would take "may not be seen" for "is not there". */
  private static boolean exists(Path folder) throws IOException {
    try {
      Files.readAttributes(folder, "unix:ino");
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** The numbers in its name may be another's by now. */
  private static void check(Path folder, Vmm vmm, Set<Integer> tids) throws IOException {
    Set<Integer> expected =
        vmm.vcpus().stream().map(KvmFd::vcpu).collect(Collectors.toCollection(TreeSet::new));
    Set<Integer> found = new TreeSet<>();
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path entry : entries.toList()) {
        String name = String.valueOf(entry.getFileName());
        if (name.matches("vcpu\\d{1,6}")) {
          found.add(Integer.valueOf(name.substring("vcpu".length())));
          checkThread(entry.resolve("pid"), tids);
        }
      }
    }
    if (vmm.vms().size() == 1 && !found.equals(expected)) {
      throw new IOException(folder + " has vCPUs " + found + ", and the VMM " + expected);
    }
  }

  private static void checkThread(Path file, Set<Integer> tids) throws IOException {
    Optional<Long> tid = Optional.empty();
    try {
      tid = DebugfsVm.value(file);
    } catch (NoSuchFileException e) {
      // Since Linux 6.1 or so; and a vCPU can be going.
    }
    boolean hasRun = tid.isPresent() && tid.get() != 0;
    if (hasRun && !tids.contains(Math.toIntExact(tid.get()))) {
      throw new IOException(file + " says " + tid.get() + ", which is no thread of the VMM");
    }
  }

  private Path mount() throws IOException {
    // Others' mount points may be no UTF-8, which is no trouble of this one's.
    byte[] mounts = Files.readAllBytes(proc.resolve("self/mountinfo"));
    String mount =
        mount(new String(mounts, StandardCharsets.UTF_8))
            .orElseThrow(() ->
                new IOException("not mounted ('mount -t debugfs none /sys/kernel/debug' as root)"));
    try {
      return Path.of(mount);
    } catch (InvalidPathException e) {
      throw new IOException("mounted at a path that this locale can't have", e);
    }
  }

  /**
   * {@return where debugfs is mounted whole: found by its type, since anybody's file system can be
   * called so}
   *
   * <p>A line is {@code 43 27 0:8 / /mnt/with\040space rw - debugfs none rw}
   * (proc_pid_mountinfo(5)).
   *
   * @param mounts what mountinfo says
   */
  static Optional<String> mount(String mounts) {
    Optional<String> last = Optional.empty();
    for (String line : mounts.split("\n", -1)) {
      String[] halves = line.split(" - ", 2);
      String[] front = halves[0].split(" ", -1);
      if (halves.length == 2
          && halves[1].startsWith("debugfs ")
          && front.length > 4
          && front[3].equals("/")) {
        last = Optional.of(unescaped(front[4]));
      }
    }
    return last;
  }

  /** Blanks and the like are three octal digits there. */
  private static String unescaped(String text) {
    return ESCAPED
        .matcher(text)
        .replaceAll(match ->
            Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(match.group(1), 8))));
  }
}
