package io.kvmstats.qmp;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The monitors that a QEMU's command line asks for and that speak QMP on a Unix socket.
 *
 * @param paths where they listen, as QEMU names it
 * @param refusals why others can't be connected to, a sentence each
 */
record Monitors(List<String> paths, List<String> refusals) {
  /** Nobody gives a VM so many, and each may take a second. */
  private static final int MONITORS_MAX = 8;

  private static final String UNIX = "unix:";

  /**
   * {@return those in a command line}
   *
   * <p>{@code -qmp unix:PATH,server=on,wait=off}, {@code -qmp-pretty} likewise, or {@code -chardev
   * socket,id=ID,path=PATH,server=on} with {@code -mon chardev=ID,mode=control} (qemu(1)).
   *
   * @param commandLine the program's name first
   */
  static Monitors of(List<String> commandLine) {
    Set<String> paths = new LinkedHashSet<>();
    List<String> refusals = new ArrayList<>();
    for (String option : List.of("qmp", "qmp-pretty")) {
      for (Map<String, String> qmp : QemuOptions.of(commandLine, option)) {
        String device = qmp.getOrDefault(QemuOptions.FIRST, "");
        if (device.startsWith(UNIX)) {
          add(device.substring(UNIX.length()), qmp, "-" + option, paths, refusals);
        } else {
          refusals.add("-" + option + " " + device + " is no Unix socket");
        }
      }
    }
    List<Map<String, String>> devices = QemuOptions.of(commandLine, "chardev");
    for (Map<String, String> monitor : QemuOptions.of(commandLine, "mon")) {
      if (Objects.equals(monitor.get("mode"), "control")) {
        String id = monitor.getOrDefault("chardev", monitor.getOrDefault(QemuOptions.FIRST, ""));
        for (Map<String, String> device : devices) {
          if (Objects.equals(device.get("id"), id)) {
            add(device.get("path"), device, "-chardev " + id, paths, refusals);
          }
        }
      }
    }
    return new Monitors(paths.stream().limit(MONITORS_MAX).toList(), refusals);
  }

  private static void add(
      @Nullable String path,
      Map<String, String> device,
      String name,
      Set<String> paths,
      List<String> refusals) {
    String server = device.getOrDefault("server", device.containsKey("noserver") ? "off" : "");
    boolean listens = server.equals("on") || server.equals("yes");
    if (device.containsKey("fd")) {
      refusals.add(name + " was given to QEMU as a descriptor: it is its giver's, as libvirt's is");
    } else if (path == null || path.isEmpty()) {
      refusals.add(name + " has no path");
    } else if (!listens) {
      refusals.add(name + " does not listen ('server=on' is missing)");
    } else if (Objects.equals(device.get("abstract"), "on")) {
      refusals.add(name + " is in the abstract namespace, which Java can't connect to");
    } else {
      paths.add(path);
    }
  }
}
