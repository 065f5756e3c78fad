package io.kvmstats.cli;

import io.kvmstats.linux.Errno;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.PacketSocket;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the host offers to those who read statistics, apart from its VMs.
 *
 * <p>Reads below a root that tests can make up; /dev/kvm is the real one.
 */
final class Checkup {
  private static final int CAP_SYS_PTRACE = 19;
  private static final int CAP_STATS_BINARY_FORM = 195;
  private static final int CAP_BINARY_STATS_FD = 203;

  private static final String STATS_FD = "stats fd (capability " + CAP_BINARY_STATS_FD + ")";
  private static final String BINARY_FORM =
      "binary form (capability " + CAP_STATS_BINARY_FORM + ")";

  /** Fields before a socket's path in /proc/net/unix. */
  private static final int UNIX_PATH = 7;

  /** Enough for some hundred VMs; every object takes a descriptor. */
  private static final long FDS_COMFORTABLE = 4096;

  /** The files read here are a few KiB; /proc/net/unix grows with the host. */
  private static final int TEXT_BYTES_MAX = 16 << 20;

  private final Path root;

  Checkup(Path root) {
    this.root = root;
  }

  /** {@return a finding per thing, in the order in which they depend on each other} */
  List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    findings.add(Finding.ok("kernel", "Linux " + System.getProperty("os.version")));
    findings.addAll(kvm());
    findings.add(lockdown());
    findings.add(ptraceScope());
    findings.add(capabilities());
    findings.add(seccomp());
    findings.add(fdLimit());
    findings.add(debugfs());
    findings.add(qmp());
    findings.add(broker());
    return findings;
  }

  private static List<Finding> kvm() {
    try (Kvm kvm = Kvm.open()) {
      return List.of(Finding.ok("/dev/kvm", "opens"), statsFd(kvm), binaryForm(kvm));
    } catch (IOException e) {
      // VMs that others started are read through the descriptors that those keep.
      return List.of(
          Finding.limits(
              "/dev/kvm",
              String.valueOf(e.getMessage()),
              "only needed for VMs of one's own and for 'demo': be in the group that 'ls -l /dev/kvm'"
                  + " shows ('sudo usermod -aG kvm $USER'), or load kvm_intel or kvm_amd"),
          Finding.unknown(STATS_FD, "only /dev/kvm can tell", "see /dev/kvm"),
          Finding.unknown(BINARY_FORM, "only /dev/kvm can tell", "see /dev/kvm"));
    }
  }

  private static Finding statsFd(Kvm kvm) {
    try {
      return kvm.hasStatsFd()
          ? Finding.ok(STATS_FD, "there")
          : Finding.missing(STATS_FD, "not there", "use Linux 5.14 or later");
    } catch (IOException e) {
      return Finding.unknown(STATS_FD, String.valueOf(e.getMessage()), "");
    }
  }

  /** Mainline gave the RFC's number to KVM_CAP_SET_GUEST_DEBUG2, which answers with a bit mask. */
  private static Finding binaryForm(Kvm kvm) {
    try {
      int answer = kvm.checkExtension(CAP_STATS_BINARY_FORM);
      return Finding.ok(
          BINARY_FORM,
          answer == 1
              ? "1: the RFC's ioctls, unless this is a mainline kernel with only one debug flag"
              : "0x"
                  + Integer.toHexString(answer)
                  + ": not the RFC's ioctls; mainline's KVM_CAP_SET_GUEST_DEBUG2 has this number");
    } catch (IOException e) {
      return Finding.unknown(BINARY_FORM, String.valueOf(e.getMessage()), "");
    }
  }

  private Finding broker() {
    String subject = "broker";
    Path socket = root.resolve(Path.of("/").relativize(SourceOptions.DEFAULT_BROKER));
    try {
      PacketSocket.connect(socket).close();
      return Finding.ok(subject, "listens at " + socket + ": commands read from it");
    } catch (LinuxException e) {
      return switch (e.errno()) {
        case Errno.ENOENT -> Finding.ok(subject, "none: commands read by themselves");
        case Errno.EACCES ->
            Finding.limits(
                subject,
                "this user may not connect to " + socket,
                "be in the socket's group, which 'ls -l " + socket + "' shows");
        default ->
            Finding.limits(
                subject,
                String.valueOf(e.getMessage()),
                "start it again: 'kvmstats broker', as root");
      };
    } catch (IOException e) {
      return Finding.unknown(subject, String.valueOf(e.getMessage()), "");
    }
  }

  private Finding lockdown() {
    String subject = "lockdown";
    Optional<String> text = text("sys/kernel/security/lockdown");
    if (text.isEmpty()) {
      return Finding.unknown(
          subject,
          "/sys/kernel/security/lockdown can't be read",
          "'mount -t securityfs none /sys/kernel/security' as root shows it");
    }
    return text.get().contains("[none]")
        ? Finding.ok(subject, "none")
        : Finding.limits(
            subject,
            text.get().strip(),
            "debugfs can't be read for most statistics; stats fds can");
  }

  private Finding ptraceScope() {
    String subject = "ptrace scope";
    Optional<String> text = text("proc/sys/kernel/yama/ptrace_scope");
    if (text.isEmpty()) {
      return Finding.ok(subject, "no Yama: processes of the same user can be read");
    }
    return switch (text.get().strip()) {
      case "0" -> Finding.ok(subject, "0: processes of the same user can be read");
      case "1" ->
          Finding.limits(
              subject, "1: only descendants, or with CAP_SYS_PTRACE", "run kvmstats as root");
      case "2" -> Finding.limits(subject, "2: only with CAP_SYS_PTRACE", "run kvmstats as root");
      default ->
          Finding.limits(
              subject,
              text.get().strip() + ": nobody may look into another process",
              "boot with another kernel.yama.ptrace_scope: it can't be lowered");
    };
  }

  private Finding capabilities() {
    String subject = "CAP_SYS_PTRACE";
    Optional<Long> effective = status("CapEff").map(hex -> Long.parseUnsignedLong(hex, 16));
    if (effective.isEmpty()) {
      return Finding.unknown(subject, "/proc/self/status can't be read", "");
    }
    return (effective.get() >>> CAP_SYS_PTRACE & 1) == 1
        ? Finding.ok(subject, "held: VMs of every user can be read")
        : Finding.limits(
            subject, "not held: only this user's VMs can be read", "run kvmstats as root for all");
  }

  private Finding seccomp() {
    String subject = "our seccomp filter";
    Optional<String> mode = status("Seccomp");
    if (mode.isEmpty()) {
      return Finding.unknown(subject, "/proc/self/status can't be read", "");
    }
    return mode.get().equals("0")
        ? Finding.ok(subject, "none")
        : Finding.limits(
            subject,
            "mode " + mode.get(),
            "a container or systemd unit filters system calls: pidfd_getfd and kcmp must be"
                + " allowed; --attach can't read a VMM that has a filter too");
  }

  private Optional<String> status(String key) {
    return text("proc/self/status").stream()
        .flatMap(String::lines)
        .filter(line -> line.startsWith(key + ":"))
        .map(line -> line.substring(key.length() + 1).strip())
        .findFirst();
  }

  private Finding fdLimit() {
    String subject = "open files";
    Optional<String> line =
        text("proc/self/limits").stream()
            .flatMap(String::lines)
            .filter(l -> l.startsWith("Max open files"))
            .findFirst();
    if (line.isEmpty()) {
      return Finding.unknown(subject, "/proc/self/limits can't be read", "");
    }
    String soft = line.get().substring("Max open files".length()).strip().split(" +", 2)[0];
    boolean enough = soft.equals("unlimited") || Long.parseLong(soft) >= FDS_COMFORTABLE;
    String found = soft + "; each VM takes two and each vCPU too";
    return enough
        ? Finding.ok(subject, found)
        : Finding.limits(subject, found, "raise it with 'ulimit -n' or LimitNOFILE=");
  }

  /** By the type of the file system: a mount's name can be anything. */
  private Finding debugfs() {
    String subject = "debugfs";
    Optional<String> mount =
        text("proc/self/mounts").stream()
            .flatMap(String::lines)
            .map(line -> line.split(" ", -1))
            .filter(fields -> fields.length > 2 && fields[2].equals("debugfs"))
            .map(fields -> fields[1])
            .findFirst();
    return mount
        .map(path -> Finding.ok(subject, "mounted at " + path + "; not needed"))
        .orElse(Finding.ok(subject, "not mounted; not needed"));
  }

  /** Listening sockets whose path says that a VMM's monitor is behind them. */
  private Finding qmp() {
    String subject = "QMP sockets";
    Optional<String> sockets = text("proc/net/unix");
    if (sockets.isEmpty()) {
      return Finding.unknown(subject, "/proc/net/unix can't be read", "");
    }
    List<String> paths =
        sockets
            .get()
            .lines()
            .map(line -> line.split(" +", UNIX_PATH + 1))
            .filter(fields -> fields.length > UNIX_PATH)
            .map(fields -> fields[UNIX_PATH])
            .filter(path -> path.startsWith("/") && isMonitor(path))
            .distinct()
            .toList();
    return Finding.ok(
        subject, paths.isEmpty() ? "none" : String.join(", ", paths) + "; not used by default");
  }

  private static boolean isMonitor(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return name.contains("qmp") || name.contains("monitor");
  }

  private Optional<String> text(String path) {
    try (InputStream in = Files.newInputStream(root.resolve(path))) {
      return Optional.of(new String(in.readNBytes(TEXT_BYTES_MAX), StandardCharsets.UTF_8));
    } catch (IOException e) {
      return Optional.empty(); // Each caller says that it could not be read, and what follows.
    }
  }
}
