package io.kvmstats.cli;

import java.io.IOException;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code kvmstats}. */
@Command(
    name = "kvmstats",
    description = "Shows what KVM counts for the VMs of this host, read in binary form.",
    mixinStandardHelpOptions = true,
    version = "kvmstats 0.1.0",
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed",
      "2:wrong usage",
      "3:nothing to read: no VM, or none that can be read",
    },
    subcommands = {
      ListCommand.class,
      GetCommand.class,
      WatchCommand.class,
      StatCommand.class,
      SchemaCommand.class,
      DoctorCommand.class,
      VerifyCommand.class,
      DemoCommand.class,
      HelpCommand.class,
      GenerateCompletion.class,
    })
public final class Main implements Runnable {
  @Spec private CommandSpec spec;

  private Main() {}

  /**
   * Runs a command and ends the JVM with its exit code.
   *
   * @param args as given on the command line
   */
  public static void main(String[] args) {
    System.exit(
        new CommandLine(new Main())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setExecutionExceptionHandler((e, command, result) -> failed(e))
            .execute(args));
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command?");
  }

  /** What goes wrong is said in a line; a stack trace helps no user. */
  private static int failed(Exception e) throws Exception {
    if (e instanceof Output.ClosedException) {
      return Exit.FAILED; // As the signal would have it: whoever read has gone, silently.
    }
    if (e instanceof IOException) {
      Messages.say(String.valueOf(e.getMessage()));
      return Exit.FAILED;
    }
    throw e; // A defect: its stack trace is for us.
  }
}
