package io.kvmstats.discover;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The name that a process's machine is registered under with systemd-machined, as libvirt's and
 * systemd-nspawn's are: that of its scope, {@code machine-NAME.scope} (machinectl(1)).
 *
 * <p>Only in /machine.slice itself, where nobody but root's service manager puts a process.
 */
final class MachineScope {
  static final String ORIGIN = "machine scope";

  private static final String SLICE = "/machine.slice/";
  private static final String START = "machine-";
  private static final String END = ".scope";

  private MachineScope() {}

  /**
   * {@return the machine's name}
   *
   * @param cgroup /proc/PID/cgroup: a line is {@code 0::/PATH}, or {@code 1:name=systemd:/PATH}
   *     with the first version of cgroups (cgroups(7))
   */
  static Optional<VmName> name(String cgroup) {
    return cgroup
        .lines()
        .map(line -> line.split(":", 3))
        .filter(fields -> fields.length == 3)
        .filter(fields -> fields[1].isEmpty() || fields[1].equals("name=systemd"))
        .map(fields -> fields[2])
        .filter(path -> path.startsWith(SLICE))
        .map(path -> path.substring(SLICE.length()).split("/", 2)[0])
        .filter(unit -> unit.startsWith(START) && unit.endsWith(END))
        .filter(unit -> unit.length() > START.length() + END.length())
        .map(unit -> unescaped(unit.substring(START.length(), unit.length() - END.length())))
        .map(name -> new VmName(name, ORIGIN))
        .findFirst();
  }

  /**
   * {@code \x2d} is the byte 2d (systemd-escape(1)). A dash alone would be a slash, which no
   * machine's name has: it stays.
   */
  private static String unescaped(String escaped) {
    byte[] bytes = escaped.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream name = new ByteArrayOutputStream();
    for (int i = 0; i < bytes.length; i++) {
      boolean isEscape =
          i + 3 < bytes.length
              && bytes[i] == '\\'
              && bytes[i + 1] == 'x'
              && HexFormat.isHexDigit(bytes[i + 2])
              && HexFormat.isHexDigit(bytes[i + 3]);
      if (isEscape) {
        name.write(
            HexFormat.fromHexDigit(bytes[i + 2]) << 4 | HexFormat.fromHexDigit(bytes[i + 3]));
        i += 3;
      } else {
        name.write(bytes[i]);
      }
    }
    return name.toString(StandardCharsets.UTF_8);
  }
}
