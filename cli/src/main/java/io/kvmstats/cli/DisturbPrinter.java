package io.kvmstats.cli;

import io.kvmstats.core.text.Text;
import io.kvmstats.guest.GapMeter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes what guests said of how they were read. */
final class DisturbPrinter {
  private static final double NANOS_PER_SECOND = 1e9;

  private DisturbPrinter() {}

  static String table(List<GuestResult> guests) {
    StringBuilder out = new StringBuilder();
    for (GuestResult guest : guests) {
      out.append(out.isEmpty() ? "" : "\n").append(table(guest));
    }
    return out.toString();
  }

  private static String table(GuestResult guest) {
    List<String> header = new ArrayList<>(List.of("PHASE", "PER S", "LONGEST", "MEDIAN LONGEST"));
    GapMeter.thresholds()
        .forEach(
            threshold -> header.add("≥ " + Text.seconds(seconds(threshold.toNanos())) + " /s"));
    List<List<String>> rows = new ArrayList<>(List.of(header));
    List<Boolean> right = new ArrayList<>();
    header.forEach(_ -> right.add(!right.isEmpty()));
    StringBuilder conclusions = new StringBuilder();
    for (PhaseResult phase : guest.phases()) {
      List<String> row = new ArrayList<>();
      row.add(phase.phase().name());
      row.add(Text.number(phase.times() / phase.seconds()));
      row.add(Text.seconds(seconds(phase.longestNanos())));
      row.add(Text.seconds(seconds(phase.medianLongestNanos())));
      for (int i = 0; i < GapMeter.thresholds().size(); i++) {
        row.add(String.format(Locale.ROOT, "%.2f", phase.pauses(i) / phase.seconds()));
      }
      rows.add(row);
      for (Comparison comparison : guest.comparisons(phase)) {
        conclusions.append(conclusion(phase, comparison));
      }
    }
    guest
        .firstAttachNanos()
        .ifPresent(nanos ->
            conclusions.append(
                "The longest pause of this process's first attach: "
                    + Text.seconds(seconds(nanos))
                    + "\n"));
    return "Pauses of a guest of "
        + guest.vmm()
        + ", which looks at its clock every "
        + Text.seconds(seconds(guest.medianGapNanos()))
        + " or less:\n"
        + Text.columns(rows, right)
        + conclusions;
  }

  private static String conclusion(PhaseResult phase, Comparison comparison) {
    return String.format(
        Locale.ROOT,
        "%s, compared with %s: %s (p = %.2g)%n",
        phase.phase().name(),
        comparison.with().name(),
        comparison.isDifference() ? "longer or more pauses" : "no difference",
        comparison.chance());
  }

  private static double seconds(long nanos) {
    return nanos / NANOS_PER_SECOND;
  }

  static String json(List<GuestResult> guests) {
    Json json = new Json().beginObject().name("guests").beginArray();
    for (GuestResult guest : guests) {
      json.beginObject();
      json.name("vmm").value(guest.vmm());
      json.name("median_gap_ns").value(guest.medianGapNanos());
      json.name("rounds").value(GuestResult.ROUNDS);
      json.name("phases").beginArray();
      guest.phases().forEach(phase -> phase(json, guest, phase));
      json.endArray();
      long first = guest.firstAttachNanos().orElse(-1);
      json.name("first_attach_ns");
      if (first < 0) {
        json.unknown();
      } else {
        json.value(first);
      }
      json.endObject();
    }
    return json.endArray().endObject().line();
  }

  private static void phase(Json json, GuestResult guest, PhaseResult phase) {
    json.beginObject();
    json.name("name").value(phase.phase().name());
    json.name("reads").value(phase.phase().reads());
    json.name("per_second").value(phase.phase().perSecond());
    json.name("seconds").value(phase.seconds());
    json.name("times").value(phase.times());
    json.name("longest_ns").value(phase.longestNanos());
    json.name("median_longest_ns").value(phase.medianLongestNanos());
    json.name("pauses").beginArray();
    for (int i = 0; i < GapMeter.thresholds().size(); i++) {
      json.beginObject();
      json.name("at_least_ns").value(GapMeter.thresholds().get(i).toNanos());
      json.name("count").value(phase.pauses(i));
      json.endObject();
    }
    json.endArray();
    json.name("compared").beginArray();
    for (Comparison comparison : guest.comparisons(phase)) {
      json.beginObject();
      json.name("with").value(comparison.with().name());
      json.name("p").value(comparison.chance());
      json.name("difference").value(comparison.isDifference());
      json.endObject();
    }
    json.endArray();
    json.endObject();
  }

  static String csv(List<GuestResult> guests) {
    List<String> header =
        new ArrayList<>(
            List.of("vmm", "phase", "seconds", "times", "longest_ns", "median_longest_ns"));
    GapMeter.thresholds().forEach(threshold -> header.add("pauses_" + threshold.toNanos() + "_ns"));
    header.addAll(List.of("compared_with", "p", "difference"));
    StringBuilder out = new StringBuilder(Csv.line(header));
    for (GuestResult guest : guests) {
      for (PhaseResult phase : guest.phases()) {
        List<String> row = new ArrayList<>(List.of(guest.vmm(), phase.phase().name()));
        row.add(Double.toString(phase.seconds()));
        row.add(Long.toString(phase.times()));
        row.add(Long.toString(phase.longestNanos()));
        row.add(Long.toString(phase.medianLongestNanos()));
        for (int i = 0; i < GapMeter.thresholds().size(); i++) {
          row.add(Long.toString(phase.pauses(i)));
        }
        List<Comparison> comparisons = guest.comparisons(phase);
        Comparison first = comparisons.isEmpty() ? null : comparisons.getFirst();
        row.add(first == null ? "" : first.with().name());
        row.add(first == null ? "" : Double.toString(first.chance()));
        row.add(first == null ? "" : Boolean.toString(first.isDifference()));
        out.append(Csv.line(row));
      }
    }
    return out.toString();
  }
}
