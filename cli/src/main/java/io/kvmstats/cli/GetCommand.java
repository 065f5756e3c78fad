package io.kvmstats.cli;

import io.kvmstats.collect.HostView;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.text.Text;
import io.kvmstats.discover.VmName;
import java.io.IOException;
import java.time.Duration;
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

  /** What a broker has is as good as what we would read. */
  private static final Duration ANY_AGE = Duration.ofDays(1);

  @Mixin final Selection selection = new Selection();

  @Mixin final FormatOption format = new FormatOption();

  @Override
  public Integer call() throws IOException {
    try (HostView host = selection.host(Optional.empty())) {
      host.refresh();
      host.sweep(ANY_AGE);
      selection.troubles(host).forEach(Messages::say);
      if (host.vmms().stream().allMatch(vmm -> vmm.objects().isEmpty())) {
        return Exit.NOTHING_TO_READ;
      }
      if (host.vmms().stream()
          .flatMap(vmm -> vmm.objects().stream())
          .allMatch(object -> wanted(object).isEmpty())) {
        Messages.say("no statistic matches: try kvmstats get without --stat");
        return Exit.NOTHING_TO_READ;
      }
      String text =
          switch (format.get()) {
            case TABLE -> table(host.vmms());
            case JSON -> json(host.vmms());
            case CSV -> csv(host.vmms());
          };
      new Output().print(text);
      return Exit.DONE;
    }
  }

  /** {@return the statistics asked for, in the schema's order} */
  private List<Descriptor> wanted(ObjectView object) {
    return object.schema().descriptors().stream().filter(selection::wants).toList();
  }

  /** {@return the sample, if it has that statistic} */
  private static Optional<Sample> sampleWith(Optional<Reading> reading, Descriptor descriptor) {
    return reading.map(Reading::latest).filter(sample -> sample.has(descriptor));
  }

  private String table(List<VmmView> vmms) {
    StringBuilder out = new StringBuilder();
    for (VmmView vmm : vmms) {
      for (ObjectView object : vmm.objects()) {
        List<Descriptor> wanted = wanted(object);
        if (wanted.isEmpty()) {
          continue;
        }
        out.append(out.isEmpty() ? "" : "\n")
            .append(Text.printable(Labels.vm(vmm)))
            .append(": ")
            .append(Labels.object(object, vmm))
            .append(", by ")
            .append(Labels.source(vmm))
            .append('\n')
            .append(statistics(wanted, object.read()));
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

  private String csv(List<VmmView> vmms) {
    StringBuilder out = new StringBuilder(Csv.line(CSV_HEADER));
    for (VmmView vmm : vmms) {
      for (ObjectView object : vmm.objects()) {
        Optional<Reading> reading = object.read();
        for (Descriptor descriptor : wanted(object)) {
          Optional<Sample> sample = sampleWith(reading, descriptor);
          for (int i = 0; i < descriptor.size(); i++) {
            int index = i;
            out.append(
                Csv.line(
                    csvFields(
                        vmm,
                        object,
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
      VmmView vmm, ObjectView object, Descriptor descriptor, int index, String value) {
    boolean histogram = descriptor.type().isHistogram();
    return List.of(
        Integer.toString(vmm.pid()),
        vmm.name().map(VmName::text).orElse(""),
        object.isVcpu() ? Integer.toString(object.vcpu()) : "",
        Integer.toString(object.fd()),
        object.id(),
        descriptor.name(),
        Text.typeWord(descriptor.type()).orElse(""),
        Text.unitWord(descriptor.unit()).orElse(""),
        Integer.toString(descriptor.base().radix()),
        Integer.toString(descriptor.exponent()),
        histogram ? Long.toUnsignedString(descriptor.bucketFrom(index)) : "",
        value);
  }

  private String json(List<VmmView> vmms) {
    Json json = new Json().beginObject();
    json.name("time").value(Instant.now().toString());
    json.name("vms").beginArray();
    for (VmmView vmm : vmms) {
      json.beginObject();
      Labels.vm(json, vmm);
      json.name("objects").beginArray();
      for (ObjectView object : vmm.objects()) {
        Optional<Reading> reading = object.read();
        json.beginObject();
        StatJson.object(json, object);
        json.name("stats").beginArray();
        for (Descriptor descriptor : wanted(object)) {
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
