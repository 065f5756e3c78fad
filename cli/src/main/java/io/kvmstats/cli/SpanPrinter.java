package io.kvmstats.cli;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import io.kvmstats.collect.Reading;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.core.model.Unsigned;
import io.kvmstats.core.text.Text;
import io.kvmstats.discover.VmName;
import io.kvmstats.discover.Vmm;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Prints what {@code stat} saw. */
final class SpanPrinter {
  private final List<Span> spans;
  private final Selection selection;

  SpanPrinter(List<Span> spans, Selection selection) {
    this.spans = spans;
    this.selection = selection;
  }

  /** {@return whether any statistic of any object was asked for} */
  boolean hasSomething() {
    return spans.stream().anyMatch(span -> !wanted(span).isEmpty());
  }

  private List<Descriptor> wanted(Span span) {
    return span.object().schema().descriptors().stream().filter(selection::wants).toList();
  }

  /** {@return what moved, or could have been read and was not; the rest is counted} */
  String table() {
    StringBuilder out = new StringBuilder();
    for (Span span : spans) {
      List<List<String>> rows = new ArrayList<>();
      int still = 0;
      for (Descriptor descriptor : wanted(span)) {
        if (stoodStill(span, descriptor)) {
          still++;
        } else {
          rows.addAll(rows(span, descriptor));
        }
      }
      if (rows.isEmpty() && still == 0) {
        continue;
      }
      out.append(out.isEmpty() ? "" : "\n")
          .append(Text.printable(Labels.vm(span.vmm())))
          .append(": ")
          .append(Labels.object(span.object(), span.vmm()))
          .append(", ")
          .append(span.seconds().isPresent() ? Text.seconds(span.seconds().getAsDouble()) : "?")
          .append(span.runs() > 1 ? " on average of " + span.runs() + " runs" : "")
          .append('\n')
          .append(Text.columns(rows, List.of(false, true, false, true, false, false)))
          .append(still > 0 ? "  (" + still + " statistics stood still)\n" : "");
    }
    return out.toString();
  }

  private static boolean stoodStill(Span span, Descriptor descriptor) {
    Optional<long[]> totals = span.totals(descriptor);
    return totals.isPresent() && Arrays.stream(totals.get()).allMatch(total -> total == 0);
  }

  private static List<List<String>> rows(Span span, Descriptor descriptor) {
    String name = "  " + descriptor.name();
    Optional<long[]> totals = span.totals(descriptor);
    if (descriptor.type().isHistogram() && totals.isPresent()) {
      return Histogram.rows(name, descriptor, i -> totals.get()[i]).stream()
          .map(row -> List.of(row.get(0), row.get(1), "", "", "", row.get(2) + inAll(span, row)))
          .toList();
    }
    OptionalDouble value =
        descriptor.type().isCumulative() ? span.mean(descriptor) : now(span, descriptor);
    OptionalDouble rate = span.perSecond(descriptor);
    boolean share = descriptor.unit() == Unit.SECONDS && descriptor.type() == StatType.CUMULATIVE;
    return List.of(
        List.of(
            name,
            value.isPresent() ? Text.number(value.getAsDouble()) : unknown(span, descriptor),
            descriptor.type().isCumulative() ? Text.unit(descriptor) : "at the end",
            rate.isEmpty()
                ? ""
                : share ? Text.percent(rate.getAsDouble()) : Text.number(rate.getAsDouble()),
            rate.isEmpty() ? "" : share ? "% of the time" : "/s",
            spread(span, descriptor)));
  }

  /** Buckets are those of all runs: a histogram of averages would hide what was rare. */
  private static String inAll(Span span, List<String> row) {
    return span.runs() > 1 && row.get(2).equals(Histogram.SAMPLES)
        ? " in all " + span.runs() + " runs"
        : "";
  }

  private static String unknown(Span span, Descriptor descriptor) {
    return span.reset(descriptor) ? "reset" : Text.UNKNOWN;
  }

  private static String spread(Span span, Descriptor descriptor) {
    OptionalDouble spread = span.spread(descriptor);
    return spread.isEmpty() ? "" : "+- " + Text.percent(spread.getAsDouble()) + " %";
  }

  private static OptionalDouble now(Span span, Descriptor descriptor) {
    return span.last()
        .map(Reading::latest)
        .filter(sample -> sample.has(descriptor))
        .map(sample -> OptionalDouble.of(Unsigned.toDouble(sample.value(descriptor))))
        .orElse(OptionalDouble.empty());
  }

  String csv() {
    StringBuilder out =
        new StringBuilder(
            Csv.line(
                List.of(
                    "pid",
                    "name",
                    "vcpu",
                    "fd",
                    "id",
                    "stat",
                    "bucket_from",
                    "runs",
                    "delta",
                    "per_second",
                    "spread",
                    "value")));
    for (Span span : spans) {
      for (Descriptor descriptor : wanted(span)) {
        Optional<long[]> totals = span.totals(descriptor);
        for (int i = 0; i < descriptor.size(); i++) {
          out.append(Csv.line(csvFields(span, descriptor, i, totals)));
        }
      }
    }
    return out.toString();
  }

  private static List<String> csvFields(
      Span span, Descriptor descriptor, int index, Optional<long[]> totals) {
    VmmView vmm = span.vmm();
    boolean histogram = descriptor.type().isHistogram();
    return List.of(
        Integer.toString(vmm.pid()),
        vmm.name().map(VmName::text).orElse(""),
        span.object().isVcpu() ? Integer.toString(span.object().vcpu()) : "",
        Integer.toString(span.object().fd()),
        span.object().id(),
        descriptor.name(),
        histogram ? Long.toUnsignedString(descriptor.bucketFrom(index)) : "",
        Integer.toString(span.runs()),
        totals.map(all -> Long.toUnsignedString(all[index])).orElse(""),
        text(span.perSecond(descriptor)),
        text(span.spread(descriptor)),
        span.last()
            .map(Reading::latest)
            .filter(sample -> sample.has(descriptor))
            .map(sample -> Long.toUnsignedString(sample.value(descriptor, index)))
            .orElse(""));
  }

  private static String text(OptionalDouble value) {
    return value.isPresent() ? Double.toString(value.getAsDouble()) : "";
  }

  /** {@return one document; a delta is that of all runs together, values are those at the end} */
  String json() {
    Json json = new Json().beginObject();
    json.name("time").value(Instant.now().toString());
    json.name("vms").beginArray();
    byVm()
        .values()
        .forEach(objects -> {
          json.beginObject();
          Labels.vm(json, objects.getFirst().vmm());
          json.name("objects").beginArray();
          objects.forEach(span -> json(json, span));
          json.endArray().endObject();
        });
    return json.endArray().endObject().line();
  }

  private Map<Vmm.Key, List<Span>> byVm() {
    return spans.stream()
        .collect(groupingBy(span -> span.vmm().key(), LinkedHashMap::new, toList()));
  }

  private void json(Json json, Span span) {
    json.beginObject();
    StatJson.object(json, span.object());
    json.name("runs").value(span.runs());
    json.name("seconds").value(span.seconds().orElse(Double.NaN));
    json.name("stats").beginArray();
    for (Descriptor descriptor : wanted(span)) {
      json.beginObject();
      StatJson.descriptor(json, descriptor);
      StatJson.value(
          json,
          descriptor,
          span.last().map(Reading::latest).filter(sample -> sample.has(descriptor)));
      StatJson.delta(json, descriptor, span.totals(descriptor));
      json.name("per_second").value(span.perSecond(descriptor).orElse(Double.NaN));
      json.name("spread").value(span.spread(descriptor).orElse(Double.NaN));
      json.name("reset").value(span.reset(descriptor));
      json.endObject();
    }
    json.endArray().endObject();
  }
}
