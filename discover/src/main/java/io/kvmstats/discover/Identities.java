package io.kvmstats.discover;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Asks who could know what a process's VM is called, in order.
 *
 * <p>First the process's own command line: it is surely about this process, and all may read it.
 * Then libvirt's status file, which names a process by its pid alone. Then its machine's scope,
 * which is surely its own, but a name made from the VM's. Last the socket that its VMM is told what
 * to do by.
 *
 * <p>Of one scan: what was read once is not read again.
 */
final class Identities {
  /** PROC_PID_INIT_INO: that of the first pid namespace (include/linux/proc_ns.h, Linux 6.12). */
  private static final String FIRST_PID_NAMESPACE = "pid:[4026531836]";

  private final ProcFs proc;
  private final Function<String, Map<Integer, VmIdentity>> libvirt;
  private final Map<String, Map<Integer, VmIdentity>> ofLibvirt = new HashMap<>();

  /**
   * Begins a scan.
   *
   * @param libvirt what it says of a program's processes, by pid
   */
  Identities(ProcFs proc, Function<String, Map<Integer, VmIdentity>> libvirt) {
    this.proc = proc;
    this.libvirt = libvirt;
  }

  /**
   * {@return what its VM is called, as far as this user may know}
   *
   * @param pid the process
   * @param program its name
   */
  VmIdentity of(int pid, String program) {
    CommandLine commandLine = commandLine(pid);
    Optional<VmName> name = commandLine.identity().name();
    Optional<VmUuid> uuid = commandLine.identity().uuid();
    if (name.isEmpty() || uuid.isEmpty()) {
      VmIdentity managed = ofLibvirt(pid, program);
      name = name.or(managed::name);
      uuid = uuid.or(managed::uuid);
    }
    return new VmIdentity(name.or(() -> machine(pid)).or(commandLine::socket), uuid);
  }

  private CommandLine commandLine(int pid) {
    try {
      return CommandLine.of(proc.commandLine(pid));
    } catch (IOException e) {
      return CommandLine.of(List.of());
    }
  }

  /**
   * Both have to be in the host's pid namespace: in another one libvirt's pid may be a different
   * process's.
   */
  private VmIdentity ofLibvirt(int pid, String program) {
    Map<Integer, VmIdentity> all = ofLibvirt.computeIfAbsent(program, libvirt);
    try {
      boolean isHosts =
          all.containsKey(pid)
              && proc.pidNamespace().equals(FIRST_PID_NAMESPACE)
              && proc.pidNamespaces(pid) == 1;
      return isHosts ? all.getOrDefault(pid, VmIdentity.UNKNOWN) : VmIdentity.UNKNOWN;
    } catch (IOException e) {
      return VmIdentity.UNKNOWN;
    }
  }

  private Optional<VmName> machine(int pid) {
    try {
      return MachineScope.name(proc.cgroup(pid));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
