package io.kvmstats.cli;

import static java.util.stream.Collectors.toSet;

import io.kvmstats.collect.HostView;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kvmstats stat}. */
@Command(
    name = "stat",
    description = {
      "Shows what VMs did while a command ran, or for a time, in the manner of perf stat.",
      "With a command its exit code is this one's, and the numbers go to standard error: standard"
          + " output is the command's. An interrupt ends the command, and the numbers are shown."
    },
    mixinStandardHelpOptions = true)
final class StatCommand implements Callable<Integer> {
  private static final int REPEAT_MAX = 1000;

  /** How well a broker's sweeps should meet the command's start and end. */
  private static final Duration PRECISION = Duration.ofMillis(100);

  @Spec private CommandSpec spec;
  @Mixin private Selection selection = new Selection();

  @Option(
      names = {"-d", "--duration"},
      paramLabel = "SECONDS",
      converter = Interval.class,
      description = "How long to look, instead of a command.")
  private @Nullable Duration duration;

  @Option(
      names = {"-r", "--repeat"},
      paramLabel = "N",
      defaultValue = "1",
      description = "How often to do so, at most " + REPEAT_MAX + ", for mean and spread.")
  private int repeat;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Where to write the numbers instead; a file that is there is replaced.")
  private @Nullable Path file;

  @Mixin private FormatOption format = new FormatOption();

  @Parameters(paramLabel = "COMMAND", description = "The command and its arguments, behind --.")
  private List<String> command = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    if (command.isEmpty() == (duration == null)) {
      throw new ParameterException(
          spec.commandLine(), "either -- COMMAND or -d SECONDS: how long is to be looked?");
    }
    if (repeat < 1 || repeat > REPEAT_MAX) {
      throw new ParameterException(
          spec.commandLine(), "--repeat is 1 to " + REPEAT_MAX + ", not " + repeat);
    }
    try (LastWord lastWord = new LastWord();
        HostView host = selection.host(Optional.of(PRECISION))) {
      host.refresh();
      selection.troubles(host).forEach(Messages::say);
      List<Span> spans = spans(host);
      if (spans.isEmpty()) {
        return Exit.NOTHING_TO_READ;
      }
      SpanPrinter printer = new SpanPrinter(spans, selection);
      if (!printer.hasSomething()) {
        Messages.say("no statistic matches: try kvmstats schema");
        return Exit.NOTHING_TO_READ;
      }
      int exit = Exit.DONE;
      int run = 0;
      // An end that is due before the first run cuts that one short: there are always numbers.
      do {
        // Nothing is looked for in between: a VM that ends is read to its last count.
        host.sweep(Duration.ZERO);
        exit = pass(lastWord);
        host.sweep(Duration.ZERO);
        spans.forEach(Span::add);
        run++;
      } while (run < repeat && exit == Exit.DONE && !lastWord.isDue());
      sayWhatEnded(spans, host);
      print(printer);
      return exit;
    }
  }

  private void print(SpanPrinter printer) throws IOException {
    String text =
        switch (format.get()) {
          case TABLE -> printer.table();
          case JSON -> printer.json();
          case CSV -> printer.csv();
        };
    if (file != null) {
      Files.writeString(file, text);
    } else if (command.isEmpty()) {
      new Output().print(text);
    } else {
      System.err.print(text);
    }
  }

  /** It did nothing for a part of the time, which its rates don't tell. */
  private static void sayWhatEnded(List<Span> spans, HostView host) throws IOException {
    List<VmmView> before = spans.stream().map(Span::vmm).distinct().toList();
    host.refresh();
    Set<Vmm.Key> now = host.vmms().stream().map(VmmView::key).collect(toSet());
    for (VmmView vmm : before) {
      if (!now.contains(vmm.key())) {
        Messages.say(Labels.vm(vmm) + " has ended: its rates are over the whole time");
      }
    }
  }

  private static List<Span> spans(HostView host) {
    List<Span> spans = new ArrayList<>();
    for (VmmView vmm : host.vmms()) {
      for (ObjectView object : vmm.objects()) {
        spans.add(new Span(vmm, object));
      }
    }
    return spans;
  }

  /** {@return the exit code of what was waited for} */
  private int pass(LastWord lastWord) {
    if (duration != null) {
      lastWord.sleep(duration);
      return Exit.DONE;
    }
    Process process;
    try {
      process = new ProcessBuilder(command).inheritIO().start();
    } catch (IOException e) {
      Messages.say(String.valueOf(e.getMessage()));
      return Exit.NO_COMMAND;
    }
    return lastWord.waitFor(process);
  }
}
