package io.kvmstats.discover;

import java.util.List;
import java.util.Optional;

/**
 * What a VMM's command line says of its VM, as its program reads it.
 *
 * @param identity what it calls the VM
 * @param socket where the VMM is told what to do: what its users know it by, if it has no name
 */
record CommandLine(VmIdentity identity, Optional<VmName> socket) {
  /** What Firecracker calls a VM that is given no name (src/firecracker/src/main.rs). */
  private static final String ANONYMOUS = "anonymous-instance";

  /**
   * {@return what they say}
   *
   * @param arguments the program's name first
   */
  static CommandLine of(List<String> arguments) {
    String path = arguments.isEmpty() ? "" : arguments.getFirst();
    String program = path.substring(path.lastIndexOf('/') + 1);
    if (program.startsWith("firecracker")) {
      return firecracker(arguments);
    }
    if (program.startsWith("cloud-hypervisor")) {
      return cloudHypervisor(arguments);
    }
    if (program.startsWith("crosvm")) {
      return crosvm(arguments);
    }
    // Programs that are unknown, and kvmtool, have the option as QEMU has it, or not at all.
    return new CommandLine(QemuOptions.identity(arguments), Optional.empty());
  }

  /** {@code firecracker --id NAME}, which the jailer hands on. */
  private static CommandLine firecracker(List<String> arguments) {
    Optional<VmName> name =
        name(arguments, "--id").filter(given -> !given.text().equals(ANONYMOUS));
    return new CommandLine(new VmIdentity(name, Optional.empty()), name(arguments, "--api-sock"));
  }

  /**
   * {@code cloud-hypervisor --platform uuid=UUID --api-socket PATH}, or {@code path=PATH}; a socket
   * that it inherited, {@code fd=N}, has no name.
   */
  private static CommandLine cloudHypervisor(List<String> arguments) {
    Optional<VmUuid> uuid =
        value(arguments, "--platform")
            .flatMap(platform -> parameter(platform, "uuid="))
            .flatMap(text -> VmUuid.parse(text, "--platform"));
    Optional<VmName> socket =
        value(arguments, "--api-socket")
            .flatMap(value ->
                parameter(value, "path=")
                    .or(() -> Optional.of(value).filter(path -> !path.startsWith("fd="))))
            .map(path -> new VmName(path, "--api-socket"));
    return new CommandLine(new VmIdentity(Optional.empty(), uuid), socket);
  }

  /** {@code crosvm run --name NAME --socket PATH}. */
  private static CommandLine crosvm(List<String> arguments) {
    Optional<VmName> socket =
        name(arguments, "--socket")
            .or(() -> value(arguments, "-s").map(path -> new VmName(path, "--socket")));
    return new CommandLine(new VmIdentity(name(arguments, "--name"), Optional.empty()), socket);
  }

  private static Optional<VmName> name(List<String> arguments, String option) {
    return value(arguments, option).map(text -> new VmName(text, option));
  }

  /** {@return the value of the last {@code --option VALUE} or {@code --option=VALUE}} */
  private static Optional<String> value(List<String> arguments, String option) {
    String value = "";
    for (int i = 1; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (argument.equals("--")) {
        break; // What follows is no option.
      }
      if (argument.equals(option) && i + 1 < arguments.size()) {
        value = arguments.get(++i);
      } else if (argument.startsWith(option + "=")) {
        value = argument.substring(option.length() + 1);
      }
    }
    return Optional.of(value).filter(text -> !text.isEmpty());
  }

  private static Optional<String> parameter(String parameters, String key) {
    for (String parameter : parameters.split(",", -1)) {
      if (parameter.startsWith(key)) {
        return Optional.of(parameter.substring(key.length()));
      }
    }
    return Optional.empty();
  }
}
