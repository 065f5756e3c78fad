package io.kvmstats.cli;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.toCollection;

import io.kvmstats.acquire.Acquirer;
import io.kvmstats.acquire.StatsObject;
import io.kvmstats.acquire.ThreadTimes;
import io.kvmstats.collect.HostView;
import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.text.Text;
import io.kvmstats.linux.Kvm;
import io.kvmstats.linux.KvmVcpu;
import io.kvmstats.linux.KvmVm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kvmstats schema}. */
@Command(
    name = "schema",
    description = {
      "Explains every statistic that a VM and its vCPUs have: type, unit, buckets, meaning.",
      "Without --pid or --vm: those of this kernel, asked of a VM that is made for it.",
      "Those named schedstat.* are no statistics of KVM's: they are the vCPU's thread's, from /proc."
    },
    mixinStandardHelpOptions = true)
final class SchemaCommand implements Callable<Integer> {
  @Mixin private Selection selection = new Selection();

  @Mixin private FormatOption format = new FormatOption();

  @Override
  public Integer call() throws IOException {
    Set<Scoped> schemas = selection.everyVm() ? ofThisKernel() : ofSelected();
    if (schemas.isEmpty()) {
      return Exit.NOTHING_TO_READ;
    }
    List<Row> rows = rows(schemas);
    if (rows.isEmpty()) {
      Messages.say("no statistic matches: try kvmstats schema without --stat");
      return Exit.NOTHING_TO_READ;
    }
    String text =
        switch (format.get()) {
          case TABLE -> table(rows);
          case JSON -> json(rows);
          case CSV -> csv(rows);
        };
    new Output().print(text);
    List<String> unknown =
        rows.stream()
            .filter(row -> row.entry.isEmpty())
            .map(row -> row.descriptor.name())
            .distinct()
            .toList();
    if (!unknown.isEmpty()) {
      Messages.say(
          "newer than this program or a publisher's own, and not in the catalog: "
              + String.join(", ", unknown));
    }
    return Exit.DONE;
  }

  /** The statistics of some objects. */
  private record Scoped(Scope scope, Schema schema) {}

  /** A statistic, wherever it lies, and, if the catalog knows it, what it means. */
  private record Row(Scope scope, Descriptor descriptor, Optional<CatalogEntry> entry) {}

  private static Set<Scoped> ofThisKernel() throws IOException {
    Acquirer acquirer = new Acquirer();
    try (Kvm kvm = Kvm.open();
        KvmVm vm = kvm.createVm();
        KvmVcpu vcpu = vm.createVcpu(0);
        StatsObject vmStats = acquirer.own(vm);
        StatsObject vcpuStats = acquirer.own(vcpu)) {
      Schema vcpus = ThreadTimes.behind(vcpuStats.file().schema());
      return Set.of(new Scoped(Scope.VM, vmStats.file().schema()), new Scoped(Scope.VCPU, vcpus));
    }
  }

  private Set<Scoped> ofSelected() throws IOException {
    try (HostView host = selection.host(Optional.empty())) {
      host.refresh();
      selection.troubles(host).forEach(Messages::say);
      return host.vmms().stream()
          .flatMap(vmm -> vmm.objects().stream())
          .map(object -> new Scoped(object.isVcpu() ? Scope.VCPU : Scope.VM, object.schema()))
          .collect(toCollection(LinkedHashSet::new));
    }
  }

  /** {@return each statistic once, however many objects have it: VMs' first, then vCPUs'} */
  private List<Row> rows(Set<Scoped> schemas) {
    Catalog catalog = Catalog.load();
    String architecture = System.getProperty("os.arch");
    Set<Row> rows = new LinkedHashSet<>();
    for (Scoped of : schemas.stream().sorted(comparing(Scoped::scope)).toList()) {
      for (Descriptor d : of.schema.descriptors()) {
        if (selection.wants(d)) {
          Descriptor anywhere =
              new Descriptor(d.name(), d.flags(), d.exponent(), d.size(), 0, d.bucketSize());
          rows.add(new Row(of.scope, anywhere, catalog.find(d.name(), of.scope, architecture)));
        }
      }
    }
    return List.copyOf(rows);
  }

  private static String table(List<Row> rows) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("OF", "STATISTIC", "TYPE", "UNIT", "BUCKETS", "MEANING"));
    for (Row row : rows) {
      lines.add(
          List.of(
              Labels.scope(row.scope),
              row.descriptor.name(),
              type(row.descriptor),
              unit(row.descriptor),
              buckets(row.descriptor),
              row.entry.map(CatalogEntry::meaning).orElse("(not in the catalog)")));
    }
    return Text.columns(lines, List.of(false, false, false, false, true, false));
  }

  private static String type(Descriptor descriptor) {
    return Text.typeWord(descriptor.type()).orElse("? " + descriptor.typeCode());
  }

  private static String unit(Descriptor descriptor) {
    String unit = Text.unit(descriptor);
    return !unit.isEmpty() ? unit : Text.unitWord(descriptor.unit()).orElse("");
  }

  private static String buckets(Descriptor descriptor) {
    return descriptor.type().isHistogram()
        ? descriptor.size()
            + (descriptor.type() == StatType.LINEAR_HISTOGRAM
                ? " of " + descriptor.bucketSize()
                : "")
        : "";
  }

  private static String csv(List<Row> rows) {
    StringBuilder out =
        new StringBuilder(
            Csv.line(
                List.of(
                    "object",
                    "stat",
                    "type",
                    "unit",
                    "base",
                    "exponent",
                    "size",
                    "bucket_size",
                    "meaning")));
    for (Row row : rows) {
      out.append(
          Csv.line(
              List.of(
                  Labels.scope(row.scope).toLowerCase(Locale.ROOT),
                  row.descriptor.name(),
                  Text.typeWord(row.descriptor.type()).orElse(""),
                  Text.unitWord(row.descriptor.unit()).orElse(""),
                  Integer.toString(row.descriptor.base().radix()),
                  Integer.toString(row.descriptor.exponent()),
                  Integer.toString(row.descriptor.size()),
                  Long.toString(row.descriptor.bucketSize()),
                  row.entry.map(CatalogEntry::meaning).orElse(""))));
    }
    return out.toString();
  }

  private static String json(List<Row> rows) {
    Json json = new Json().beginObject().name("stats").beginArray();
    for (Row row : rows) {
      json.beginObject();
      json.name("object").value(Labels.scope(row.scope).toLowerCase(Locale.ROOT));
      StatJson.descriptor(json, row.descriptor);
      json.name("size").value(row.descriptor.size());
      json.name("meaning").value(row.entry.map(CatalogEntry::meaning).orElse(null));
      json.name("high").value(row.entry.flatMap(CatalogEntry::high).orElse(null));
      json.name("sum").value(row.entry.flatMap(CatalogEntry::sum).orElse(null));
      json.endObject();
    }
    return json.endArray().endObject().line();
  }
}
