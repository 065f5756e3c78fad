package io.kvmstats.cli;

import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.text.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kvmstats help}. */
@Command(
    name = "help",
    description = "Explains a statistic, such as halt_wait_hist, or a command.",
    mixinStandardHelpOptions = true)
final class HelpCommand implements Callable<Integer> {
  private static final int WIDTH = 80;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "STAT|COMMAND",
      description = "A statistic's name as the kernel has it, or a command's.")
  private @Nullable String topic;

  @Override
  public Integer call() throws IOException {
    CommandLine kvmstats = spec.commandLine().getParent();
    if (topic == null) {
      new Output().print(kvmstats.getUsageMessage());
      return Exit.DONE;
    }
    CommandLine command = kvmstats.getSubcommands().get(topic);
    if (command != null) {
      new Output().print(command.getUsageMessage());
      return Exit.DONE;
    }
    List<CatalogEntry> entries = Catalog.load().named(topic);
    if (entries.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "'" + topic + "' is no statistic of any kernel and no command: try kvmstats schema");
    }
    StringBuilder out = new StringBuilder();
    for (CatalogEntry entry : entries) {
      out.append(out.isEmpty() ? "" : "\n").append(explain(entry));
    }
    new Output().print(out);
    return Exit.DONE;
  }

  private static String explain(CatalogEntry entry) {
    List<List<String>> facts = new ArrayList<>();
    facts.add(List.of("  of", Labels.scope(entry.scope())));
    if (!entry.isOurs()) {
      facts.add(List.of("  architectures", String.join(", ", entry.architectures())));
      facts.add(List.of("  since", since(entry.since())));
    }
    entry.until().ifPresent(until -> facts.add(List.of("  until", "Linux " + until)));
    if (!entry.was().isEmpty()) {
      facts.add(List.of("  earlier names", String.join(", ", entry.was())));
    }
    entry.sum().ifPresent(sum -> facts.add(List.of("  its samples add up to", sum)));
    return entry.stat()
        + "\n"
        + Text.wrap(entry.meaning(), WIDTH, "  ")
        + entry.high().map(high -> Text.wrap("High: " + high, WIDTH, "  ")).orElse("")
        + "\n"
        + Text.columns(facts, List.of(false, false));
  }

  /** The catalog says "5.12-" for a kernel or one before it. */
  private static String since(String since) {
    return since.endsWith("-")
        ? "Linux " + since.substring(0, since.length() - 1) + " or before"
        : "Linux " + since;
  }
}
