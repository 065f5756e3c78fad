package io.kvmstats.openmetrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The same samples, written by us and by the Prometheus client library: the same document, line by
 * line.
 *
 * <p>Numbers are compared as the doubles that they are read as: the library writes 1.7E-8 for what
 * is 0.000000017 here, and all of its numbers through a double, where ours have all their digits.
 * Series are compared in its order: it sorts each family's by their labels, vCPU 10 before 2.
 */
class ClientLibraryTest {
  private static final long SEED = Long.getLong("tests.seed", System.nanoTime());
  private static final int ROUNDS = 20;

  private static final Pattern LE = Pattern.compile("le=\"([^\"]+)\"");

  @Test
  void theKernelsStatistics() throws Exception {
    Random random = new Random(SEED);
    List<VmmView> vmms =
        List.of(
            Hosts.kernels(100, "one", 3, random),
            Hosts.kernels(200, "two", 1, random),
            Hosts.kernels(300, "\"}\\ three", 12, random));
    compare(vmms, "-Dtests.seed=" + SEED);
  }

  @Test
  void statisticsOfAllTypesAndUnits() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      Random random = new Random(SEED + round);
      Schema schema = schema(random);
      List<VmmView> vmms = new ArrayList<>();
      for (int vm = 0; vm < 3; vm++) {
        vmms.add(
            Hosts.vmm(
                100 + vm,
                "vm" + vm,
                List.of(
                    Hosts.object(-1, 10, schema, _ -> random.nextLong(1L << random.nextInt(54))),
                    Hosts.object(0, 11, schema, _ -> random.nextLong(1L << random.nextInt(54))))));
      }
      compare(vmms, "round " + round + ", -Dtests.seed=" + SEED);
    }
  }

  private static Schema schema(Random random) {
    Hosts.Stats stats = new Hosts.Stats();
    Unit[] units = {Unit.NONE, Unit.BYTES, Unit.SECONDS, Unit.CYCLES, Unit.BOOLEAN};
    for (int i = 0; i < 40; i++) {
      StatType[] types = StatType.values();
      StatType type = types[random.nextInt(types.length)];
      Unit unit = units[random.nextInt(units.length)];
      Base base = random.nextBoolean() ? Base.POW10 : Base.POW2;
      int known = type == StatType.UNKNOWN ? 0 : type.code();
      int flags = Descriptor.flags(StatType.CUMULATIVE, unit, base) | known;
      if (type == StatType.UNKNOWN) {
        flags |= 9;
      }
      boolean isBoolean = unit == Unit.BOOLEAN;
      if (isBoolean) {
        flags = Descriptor.flags(StatType.INSTANT, Unit.BOOLEAN, Base.POW10);
        type = StatType.INSTANT;
      }
      int exponent = isBoolean ? 0 : random.nextInt(4) == 0 ? 0 : random.nextInt(-25, 25);
      stats.add(
          "s" + i + (unit == Unit.SECONDS && random.nextBoolean() ? "_ns" : "_stat"),
          flags,
          exponent,
          type.isHistogram() ? 1 + random.nextInt(40) : 1,
          1 + random.nextInt(100_000));
    }
    return stats.schema();
  }

  private static void compare(List<VmmView> vmms, String what) throws Exception {
    MetricSnapshots snapshots = ClientLibrary.of(vmms, Hosts.HEALTH);
    Exposition exposition = Hosts.exposition(Detail.HISTOGRAMS);
    for (Format format : List.of(Format.TEXT, Format.OPENMETRICS)) {
      ExpositionFormatWriter writer =
          format == Format.TEXT
              ? PrometheusTextFormatWriter.create()
              : OpenMetricsTextFormatWriter.builder().setCreatedTimestampsEnabled(false).build();
      ByteArrayOutputStream theirs = new ByteArrayOutputStream();
      writer.write(theirs, snapshots);
      List<String> ours = lines(Hosts.text(exposition, vmms, format));
      List<String> expected = lines(theirs.toString(StandardCharsets.UTF_8));
      for (int i = 0; i < Math.min(ours.size(), expected.size()); i++) {
        assertThat(ours.get(i)).as("line %d, %s, %s", i, format, what).isEqualTo(expected.get(i));
      }
      assertThat(ours).as("%s, %s", format, what).hasSameSizeAs(expected);
    }
  }

  /** Lines with numbers, and the series of each family sorted by their labels as theirs are. */
  private static List<String> lines(String document) {
    List<String> lines = new ArrayList<>();
    List<String> series = new ArrayList<>();
    for (String line : document.lines().toList()) {
      if (line.startsWith("#")) {
        lines.addAll(sorted(series));
        series.clear();
        lines.add(line);
      } else {
        series.add(line);
      }
    }
    lines.addAll(sorted(series));
    return lines;
  }

  private static List<String> sorted(List<String> series) {
    return series.stream()
        .sorted(
            Comparator.comparing(
                line -> line.replaceFirst("^[a-z0-9_]+", "").replaceFirst(",le=.*| [^ ]+$", "}")))
        .map(line -> {
          int end = line.lastIndexOf(' ');
          String labelled =
              LE.matcher(line.substring(0, end)).replaceAll(le -> "le=" + number(le.group(1)));
          return labelled + " " + number(line.substring(end + 1));
        })
        .toList();
  }

  private static double number(String text) {
    return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
  }
}
