package io.kvmstats.cli;

import io.kvmstats.acquire.StatsObject;
import io.kvmstats.collect.CollectedVmm;
import io.kvmstats.collect.CollectedVmm.CollectedObject;
import io.kvmstats.collect.Collector;
import io.kvmstats.collect.Reading;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.Vmm;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kvmstats get}. */
@Command(
    name = "get",
    description = "Reads the statistics of VMs once, histograms included.",
    mixinStandardHelpOptions = true)
final class GetCommand implements Callable<Integer> {
  private static final List<String> CSV_HEADER =
      List.of(
          "pid",
          "name",
          "vcpu",
          "fd",
          "id",
          "stat",
          "type",
          "unit",
          "base",
          "exponent",
          "bucket_from",
          "value");

  @Mixin final Selection selection = new Selection();

  @Mixin final FormatOption format = new FormatOption();

  @Override
  public Integer call() throws IOException {
    try (Collector collector = selection.collector()) {
      collector.refresh();
      collector.sweep();
      selection.troubles(collector).forEach(Messages::say);
      if (collector.vmms().stream().allMatch(vmm -> vmm.objects().isEmpty())) {
        return Exit.NOTHING_TO_READ;
      }
      if (collector.vmms().stream()
          .flatMap(vmm -> vmm.objects().stream())
          .allMatch(object -> wanted(object.object()).isEmpty())) {
        Messages.say("no statistic matches: try kvmstats get without --stat");
        return Exit.NOTHING_TO_READ;
      }
      String text =
          switch (format.get()) {
            case TABLE -> table(collector.vmms());
            case JSON -> json(collector.vmms());
            case CSV -> csv(collector.vmms());
          };
      new Output().print(text);
      return Exit.DONE;
    }
  }

  /** {@return the statistics asked for, in the schema's order} */
  private List<Descriptor> wanted(StatsObject object) {
    return object.file().schema().descriptors().stream().filter(selection::wants).toList();
  }

  /** {@return the sample, if it has that statistic} */
  private static Optional<Sample> sampleWith(Optional<Reading> reading, Descriptor descriptor) {
    return reading.map(Reading::latest).filter(sample -> sample.has(descriptor));
  }

  private String table(List<CollectedVmm> vmms) {
    StringBuilder out = new StringBuilder();
    for (CollectedVmm collected : vmms) {
      for (CollectedObject object : collected.objects()) {
        List<Descriptor> wanted = wanted(object.object());
        if (wanted.isEmpty()) {
          continue;
        }
        Vmm vmm = collected.acquired().vmm();
        out.append(out.isEmpty() ? "" : "\n")
            .append(Text.printable(Labels.vm(vmm)))
            .append(": ")
            .append(Labels.object(object.object(), vmm))
            .append(", by ")
            .append(Labels.source(collected.acquired()))
            .append('\n')
            .append(statistics(wanted, object.slot().read()));
      }
    }
    return out.toString();
  }

  private static String statistics(List<Descriptor> wanted, Optional<Reading> reading) {
    List<List<String>> rows = new ArrayList<>();
    for (Descriptor descriptor : wanted) {
      Optional<Sample> sample = sampleWith(reading, descriptor);
      String name = "  " + descriptor.name();
      if (sample.isEmpty() || !descriptor.type().isHistogram()) {
        String value =
            sample.map(s -> Long.toUnsignedString(s.value(descriptor))).orElse(Text.UNKNOWN);
        rows.add(List.of(name, value, Text.unit(descriptor)));
      } else {
        rows.addAll(Histogram.rows(name, descriptor, i -> sample.get().value(descriptor, i)));
      }
    }
    return Text.columns(rows, List.of(false, true, false));
  }

  private String csv(List<CollectedVmm> vmms) {
    StringBuilder out = new StringBuilder(Csv.line(CSV_HEADER));
    for (CollectedVmm collected : vmms) {
      for (CollectedObject object : collected.objects()) {
        Optional<Reading> reading = object.slot().read();
        for (Descriptor descriptor : wanted(object.object())) {
          Optional<Sample> sample = sampleWith(reading, descriptor);
          for (int i = 0; i < descriptor.size(); i++) {
            int index = i;
            out.append(
                Csv.line(
                    csvFields(
                        collected.acquired().vmm(),
                        object.object(),
                        descriptor,
                        index,
                        sample
                            .map(s -> Long.toUnsignedString(s.value(descriptor, index)))
                            .orElse(""))));
          }
        }
      }
    }
    return out.toString();
  }

  private static List<String> csvFields(
      Vmm vmm, StatsObject object, Descriptor descriptor, int index, String value) {
    boolean histogram = descriptor.type().isHistogram();
    return List.of(
        Integer.toString(vmm.pid()),
        vmm.name().map(VmName::text).orElse(""),
        object.isVcpu() ? Integer.toString(object.vcpu()) : "",
        Integer.toString(object.held().number()),
        object.file().id(),
        descriptor.name(),
        Optional.ofNullable(Labels.type(descriptor.type())).orElse(""),
        Optional.ofNullable(Labels.unit(descriptor.unit())).orElse(""),
        Integer.toString(descriptor.base().radix()),
        Integer.toString(descriptor.exponent()),
        histogram ? Long.toUnsignedString(descriptor.bucketFrom(index)) : "",
        value);
  }

  private String json(List<CollectedVmm> vmms) {
    Json json = new Json().beginObject();
    json.name("time").value(Instant.now().toString());
    json.name("vms").beginArray();
    for (CollectedVmm collected : vmms) {
      json.beginObject();
      Labels.vm(json, collected.acquired());
      json.name("objects").beginArray();
      for (CollectedObject object : collected.objects()) {
        Optional<Reading> reading = object.slot().read();
        json.beginObject();
        StatJson.object(json, object.object());
        json.name("stats").beginArray();
        for (Descriptor descriptor : wanted(object.object())) {
          json.beginObject();
          StatJson.descriptor(json, descriptor);
          StatJson.value(json, descriptor, sampleWith(reading, descriptor));
          json.endObject();
        }
        json.endArray().endObject();
      }
      json.endArray().endObject();
    }
    return json.endArray().endObject().line();
  }
}
