package io.kvmstats.cli;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

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
      TopCommand.class,
      StatCommand.class,
      BrokerCommand.class,
      ServeCommand.class,
      ExecCommand.class,
      SchemaCommand.class,
      DoctorCommand.class,
      DisturbCommand.class,
      VerifyCommand.class,
      DemoCommand.class,
      SimulateCommand.class,
      HelpCommand.class,
      GenerateCompletion.class,
    })
final class KvmstatsCommand implements Runnable {
  @Spec private CommandSpec spec;

  /**
   * Runs a command.
   *
   * @param args as given on the command line
   * @return its exit code
   */
  static int execute(String... args) throws Exception {
    CommandLine line =
        new CommandLine(new KvmstatsCommand())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setExpandAtFiles(false) // It may be an argument of the command that is run.
            .setParameterExceptionHandler(KvmstatsCommand::wrong)
            .setExecutionExceptionHandler((e, command, result) -> Main.failed(e));
    if (args.length > 0 && args[0].equals("serve")) {
      try {
        CommandLine serve = Objects.requireNonNull(line.getSubcommands().get("serve"));
        serve.setDefaultValueProvider(ServeConfig.of(List.of(args), System.getenv()));
      } catch (IOException e) {
        // Help is there for who can't read the file, too. Another start would read it no better.
        if (Stream.of("--help", "-h", "--version", "-V").noneMatch(List.of(args)::contains)) {
          Messages.say(Main.what(e));
          return Exit.USAGE;
        }
      }
    }
    return line.execute(args);
  }

  /** All of a command's help would hide what is wrong; that of all shows which there are. */
  private static int wrong(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String origin = "";
    if (command.getDefaultValueProvider() instanceof ServeConfig config
        && e.getArgSpec() instanceof OptionSpec option
        && Stream.of(args).noneMatch(arg -> isOf(option, arg))) {
      origin = " (from " + config.origin(option) + ")";
    }
    Messages.say(e.getMessage() + origin);
    boolean hasSuggested = UnmatchedArgumentException.printSuggestions(e, command.getErr());
    if (command.getParent() == null && !hasSuggested) {
      command.usage(command.getErr());
    } else {
      Messages.say("'" + command.getCommandSpec().qualifiedName() + " --help' says more");
    }
    return Exit.USAGE;
  }

  private static boolean isOf(OptionSpec option, String arg) {
    return Stream.of(option.names())
        .anyMatch(name -> arg.equals(name) || arg.startsWith(name + "="));
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which command?");
  }
}
