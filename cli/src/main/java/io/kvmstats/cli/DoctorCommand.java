package io.kvmstats.cli;

import io.kvmstats.collect.Collector;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.text.Text;
import io.kvmstats.discover.Hidden;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kvmstats doctor}. */
@Command(
    name = "doctor",
    description = {
      "Says what this host offers, what stands in the way, and what to do about it.",
      "Exit code 1 when something that this user needs is missing."
    },
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  @Mixin private FormatOption format = new FormatOption();

  @Override
  public Integer call() throws IOException {
    List<Finding> findings = new ArrayList<>(new Checkup(Path.of("/")).findings());
    try (Collector collector = new Collector(vmm -> true)) {
      collector.refresh();
      collector.vmms().forEach(vmm -> findings.add(vm(vmm)));
      collector.hidden().forEach(hidden -> findings.add(hidden(hidden)));
      if (collector.vmms().isEmpty() && collector.hidden().isEmpty()) {
        findings.add(Finding.ok("VMs", "none runs on this host"));
      }
    }
    String text =
        switch (format.get()) {
          case TABLE -> table(findings);
          case JSON -> json(findings);
          case CSV -> csv(findings);
        };
    new Output().print(text);
    return findings.stream().anyMatch(finding -> finding.state() == Finding.State.MISSING)
        ? Exit.FAILED
        : Exit.DONE;
  }

  private static Finding vm(VmmView vmm) {
    String subject = "VM " + Labels.vm(vmm);
    String why = vmm.shortfall().orElse("");
    if (vmm.objects().isEmpty()) {
      // Anybody may publish what can't be read: nobody needs it for that.
      return vmm.isPublished()
          ? Finding.limits(subject, "published, can't be read", why)
          : Finding.missing(subject, "can't be read", why);
    }
    String source = Labels.source(vmm);
    return why.isEmpty()
        ? Finding.ok(subject, "read by " + source)
        : Finding.limits(subject, "read by " + source + ", not in full", why);
  }

  private static Finding hidden(Hidden hidden) {
    return Finding.missing(
        "VM of pid " + hidden.pid() + " (" + hidden.program() + ")", "can't be read", hidden.why());
  }

  private static String table(List<Finding> findings) {
    List<List<String>> rows = new ArrayList<>();
    for (Finding finding : findings) {
      String advice = finding.advice().isEmpty() ? "" : " → " + finding.advice();
      rows.add(
          List.of(
              word(finding.state()),
              Text.printable(finding.subject()),
              Text.printable(finding.found() + advice)));
    }
    return Text.columns(rows, List.of(false, false, false));
  }

  private static String csv(List<Finding> findings) {
    StringBuilder out = new StringBuilder(Csv.line(List.of("state", "subject", "found", "advice")));
    for (Finding finding : findings) {
      out.append(
          Csv.line(
              List.of(
                  word(finding.state()), finding.subject(), finding.found(), finding.advice())));
    }
    return out.toString();
  }

  private static String json(List<Finding> findings) {
    Json json = new Json().beginObject().name("findings").beginArray();
    for (Finding finding : findings) {
      json.beginObject();
      json.name("subject").value(finding.subject());
      json.name("state").value(word(finding.state()));
      json.name("found").value(finding.found());
      json.name("advice").value(finding.advice().isEmpty() ? null : finding.advice());
      json.endObject();
    }
    return json.endArray().endObject().line();
  }

  private static String word(Finding.State state) {
    return state.name().toLowerCase(Locale.ROOT);
  }
}
