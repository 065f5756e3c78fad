package io.kvmstats.cli;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.text.Text;
import io.kvmstats.discover.VmName;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Prints what a sweep found, in one format after another sweep's. */
final class RatePrinter implements SweepPrinter {
  /** As vmstat and kvm_stat do. */
  private static final int LINES_PER_HEADER = 20;

  private static final int NUMBER_WIDTH = 10;

  private final Format format;
  private final Selection selection;
  private List<String> header = List.of();
  private List<Integer> widths = List.of();
  private int linesSinceHeader;

  RatePrinter(Format format, Selection selection) {
    this.format = format;
    this.selection = selection;
  }

  @Override
  public Optional<String> nothingToShow(List<VmmView> vmms) {
    if (!Column.of(selection, vmms).isEmpty()) {
      return Optional.empty();
    }
    boolean histograms =
        vmms.stream()
            .flatMap(vmm -> vmm.objects().stream())
            .flatMap(object -> object.schema().descriptors().stream())
            .anyMatch(selection::wants);
    if (!histograms) {
      return Optional.of("no statistic matches: try kvmstats schema");
    }
    return format == Format.JSON
        ? Optional.empty()
        : Optional.of("only histograms match, which no column holds: try --format json, or stat");
  }

  @Override
  public String print(List<VmmView> vmms, Instant time) {
    List<Column> columns = Column.of(selection, vmms);
    return switch (format) {
      case TABLE -> table(RateRow.of(vmms, columns), columns, time);
      case CSV -> csv(RateRow.of(vmms, columns), columns, time);
      case JSON -> json(vmms, columns, time);
    };
  }

  /** A heading is not repeated over a file's end. */
  @Override
  public void begin(Path file) {
    header = List.of();
  }

  private String table(List<RateRow> rows, List<Column> columns, Instant time) {
    List<String> heading = new ArrayList<>(List.of("TIME", "VM", "VCPU"));
    columns.forEach(column -> heading.add(column.heading()));
    heading.add("SOURCE");
    LocalTime clock =
        time.atZone(ZoneId.systemDefault()).toLocalTime().truncatedTo(ChronoUnit.SECONDS);
    List<List<String>> lines = new ArrayList<>();
    for (RateRow row : rows) {
      List<String> line = new ArrayList<>();
      line.add(clock.format(DateTimeFormatter.ISO_LOCAL_TIME));
      line.add(Text.printable(Labels.shortName(row.vmm())));
      line.add(row.object().map(vcpu -> Labels.vcpu(vcpu, row.vmm())).orElse("all"));
      for (int i = 0; i < columns.size(); i++) {
        line.add(row.cells().get(i).text(columns.get(i)));
      }
      line.add(Labels.source(row.vmm()));
      lines.add(line);
    }
    return aligned(heading, lines);
  }

  /** Widths grow as needed, and a new heading then says so. */
  private String aligned(List<String> heading, List<List<String>> lines) {
    List<Boolean> right = new ArrayList<>();
    List<Integer> needed = new ArrayList<>();
    for (int i = 0; i < heading.size(); i++) {
      boolean number = i > 1 && i < heading.size() - 1;
      int width = Math.max(heading.get(i).length(), number && i > 2 ? NUMBER_WIDTH : 0);
      for (List<String> line : lines) {
        width = Math.max(width, line.get(i).length());
      }
      if (header.equals(heading)) {
        width = Math.max(width, widths.get(i));
      }
      right.add(number);
      needed.add(width);
    }
    StringBuilder out = new StringBuilder();
    if (!header.equals(heading) || !widths.equals(needed) || linesSinceHeader >= LINES_PER_HEADER) {
      header = heading;
      widths = needed;
      linesSinceHeader = 0;
      out.append(Text.line(heading, widths, right)).append('\n');
    }
    lines.forEach(line -> out.append(Text.line(line, widths, right)).append('\n'));
    linesSinceHeader += lines.size();
    return out.toString();
  }

  private String csv(List<RateRow> rows, List<Column> columns, Instant time) {
    List<String> heading = new ArrayList<>(List.of("time", "pid", "name", "vcpu", "fd", "source"));
    columns.forEach(column -> heading.add(column.csvHeading()));
    StringBuilder out = new StringBuilder();
    if (!header.equals(heading)) {
      header = heading;
      out.append(Csv.line(heading));
    }
    for (RateRow row : rows) {
      List<String> line = new ArrayList<>();
      line.add(time.toString());
      line.add(Integer.toString(row.vmm().pid()));
      line.add(row.vmm().name().map(VmName::text).orElse(""));
      line.add(row.object().map(vcpu -> Integer.toString(vcpu.vcpu())).orElse(""));
      line.add(row.object().map(vcpu -> Integer.toString(vcpu.fd())).orElse(""));
      line.add(row.vmm().source().map(source -> source.label()).orElse(""));
      row.cells().forEach(cell -> line.add(cell.known() ? Double.toString(cell.value()) : ""));
      out.append(Csv.line(line));
    }
    return out.toString();
  }

  private String json(List<VmmView> vmms, List<Column> columns, Instant time) {
    Json json = new Json().beginObject();
    json.name("time").value(time.toString());
    json.name("vms").beginArray();
    for (VmmView vmm : vmms) {
      json.beginObject();
      Labels.vm(json, vmm);
      json.name("objects").beginArray();
      for (ObjectView object : vmm.objects()) {
        Optional<Reading> reading = object.read();
        json.beginObject();
        StatJson.object(json, object);
        json.name("seconds")
            .value(reading.map(Reading::seconds).orElse(OptionalDouble.empty()).orElse(Double.NaN));
        json.name("stats").beginArray();
        for (Descriptor descriptor : object.schema().descriptors()) {
          if (wanted(descriptor, columns)) {
            StatJson.change(json, descriptor, reading);
          }
        }
        json.endArray().endObject();
      }
      json.endArray().endObject();
    }
    return json.endArray().endObject().line();
  }

  private boolean wanted(Descriptor descriptor, List<Column> columns) {
    return selection.everyStat()
        ? columns.stream().anyMatch(column -> column.stat().equals(descriptor.name()))
        : selection.wants(descriptor);
  }
}
