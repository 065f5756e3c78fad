package io.kvmstats.cli;

import io.kvmstats.exec.Launcher;
import io.kvmstats.linux.Errno;
import io.kvmstats.linux.LinuxException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code kvmstats exec}. */
@Command(
    name = "exec",
    customSynopsis = "kvmstats exec [-hV] -- PROGRAM [ARGUMENT...]",
    description = {
      "Runs a program in which the binary form of KVM's statistics works: KVM_CHECK_EXTENSION of"
          + " KVM_CAP_STATS_BINARY_FORM is 1, and KVM_STATS_GET_INFO, _NAMES and _DATA answer on"
          + " its VMs and vCPUs, on any kernel with stats fds. x86-64 only.",
      "The program takes kvmstats' place: its process, terminal, signals and exit code are its own."
    },
    mixinStandardHelpOptions = true)
final class ExecCommand implements Callable<Integer> {
  private static final int HEX = 16;

  @Parameters(
      paramLabel = "PROGRAM",
      arity = "1..*",
      description = "The program and its arguments, behind --.")
  private List<String> command = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    // From ./kvmstats, which sees what the JVM changes as it starts.
    long ignored = Long.parseUnsignedLong(System.getProperty("kvmstats.ignored", "0"), HEX);
    Path application = Path.of(System.getProperty("jdk.module.path"), "..").normalize();
    LinuxException refused = Launcher.exec(bytes(), ignored, application);
    Messages.say(String.valueOf(refused.getMessage()));
    return refused.errno() == Errno.ENOENT ? Exit.NO_COMMAND : Exit.COMMAND_REFUSED;
  }

  /** The arguments as they came: in Java they may not be what they were. */
  private List<byte[]> bytes() throws IOException {
    List<byte[]> all = new ArrayList<>();
    ByteArrayOutputStream argument = new ByteArrayOutputStream();
    for (byte b : Files.readAllBytes(Path.of("/proc/self/cmdline"))) {
      if (b == 0) {
        all.add(argument.toByteArray());
        argument.reset();
      } else {
        argument.write(b);
      }
    }
    return all.subList(all.size() - command.size(), all.size());
  }
}
