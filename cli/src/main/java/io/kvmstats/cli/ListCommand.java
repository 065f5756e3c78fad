package io.kvmstats.cli;

import io.kvmstats.collect.HostView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.text.Text;
import io.kvmstats.discover.Hidden;
import io.kvmstats.discover.VmName;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kvmstats list}. */
@Command(
    name = "list",
    description = "Lists the VMs of this host, how each can be read, and why not better.",
    mixinStandardHelpOptions = true)
final class ListCommand implements Callable<Integer> {
  /** Where it stands in a row, behind the source. */
  private static final int PUBLISHED = 5;

  @Mixin private FormatOption format = new FormatOption();

  @Mixin private SourceOptions sources = new SourceOptions();

  @Override
  public Integer call() throws IOException {
    try (HostView host = sources.host((pid, identity) -> true, Optional.empty())) {
      host.refresh();
      List<VmmView> vmms = host.vmms();
      List<Hidden> hidden = host.hidden();
      if (vmms.isEmpty() && hidden.isEmpty() && format.get() == Format.TABLE) {
        Messages.say("no VM runs on this host; 'kvmstats demo' starts some");
      } else {
        new Output()
            .print(
                format.get() == Format.JSON
                    ? json(vmms, hidden)
                    : text(rows(vmms, hidden), format.get()));
      }
      return vmms.isEmpty() && hidden.isEmpty() ? Exit.NOTHING_TO_READ : Exit.DONE;
    }
  }

  private static List<List<String>> rows(List<VmmView> vmms, List<Hidden> hidden) {
    List<List<String>> rows = new ArrayList<>();
    for (VmmView vmm : vmms) {
      String vms = vmm.vms() == 1 ? "" : " (" + vmm.vms() + " VMs)";
      rows.add(
          List.of(
              Integer.toString(vmm.pid()),
              vmm.program() + vms,
              vmm.name().map(VmName::text).orElse(""),
              Integer.toString(vmm.vcpus().size()),
              vmm.source().map(source -> source.label()).orElse(""),
              Boolean.toString(vmm.isPublished()),
              vmm.shortfall().orElse("")));
    }
    for (Hidden process : hidden) {
      rows.add(
          List.of(
              Integer.toString(process.pid()),
              process.program(),
              process.name().map(VmName::text).orElse(""),
              "",
              "",
              "",
              process.why()));
    }
    return rows;
  }

  private static String text(List<List<String>> rows, Format format) {
    if (format == Format.CSV) {
      StringBuilder out =
          new StringBuilder(
              Csv.line(
                  List.of(
                      "pid",
                      "vmm",
                      "name",
                      "vcpu_count",
                      "source",
                      "published",
                      "why_not_better")));
      rows.forEach(row -> out.append(Csv.line(row)));
      return out.toString();
    }
    List<List<String>> table = new ArrayList<>();
    table.add(List.of("PID", "VMM", "NAME", "VCPUS", "SOURCE", "WHY NOT BETTER"));
    for (List<String> row : rows) {
      List<String> cells = new ArrayList<>();
      row.forEach(cell -> cells.add(cell.isEmpty() ? Text.UNKNOWN : Text.printable(cell)));
      // For people the two are one: how it is read, and whose account it is.
      if (cells.remove(PUBLISHED).equals("true")) {
        cells.set(PUBLISHED - 1, Labels.published(cells.get(PUBLISHED - 1)));
      }
      table.add(cells);
    }
    return Text.columns(table, List.of(true, false, false, true, false, false));
  }

  private static String json(List<VmmView> vmms, List<Hidden> hidden) {
    Json json = new Json().beginObject();
    json.name("time").value(Instant.now().toString());
    json.name("vms").beginArray();
    for (VmmView vmm : vmms) {
      json.beginObject();
      Labels.vm(json, vmm);
      json.endObject();
    }
    json.endArray().name("hidden").beginArray();
    for (Hidden process : hidden) {
      json.beginObject();
      json.name("pid").value(process.pid());
      json.name("vmm").value(process.program());
      Labels.identity(json, process.identity());
      json.name("why_not_better").value(process.why());
      json.endObject();
    }
    return json.endArray().endObject().line();
  }
}
