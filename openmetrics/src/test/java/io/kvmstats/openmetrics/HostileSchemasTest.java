package io.kvmstats.openmetrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Whatever schemas processes publish, under whatever names: the document is valid in all formats,
 * has every number once, and calls nothing otherwise than before.
 */
class HostileSchemasTest {
  private static final long SEED = Long.getLong("tests.seed", System.nanoTime());
  private static final int ROUNDS = 12;
  private static final int PROMTOOL_ROUNDS = 8;

  private static final List<String> WORDS =
      List.of("up", "vcpus", "x", "y", "exits", "sample_age", "halt_wait", "", "blocking", "_");
  private static final List<String> ENDS =
      List.of(
          "",
          "_total",
          "_created",
          "_bucket",
          "_sum",
          "_count",
          "_info",
          "_seconds",
          "_ns",
          ".ns",
          "_bytes",
          "_hist",
          "_hist_seconds",
          "-total",
          "_instant",
          "_cumulative",
          "{",
          "\"",
          "\\");

  @Test
  void theDocumentIsValidAndHasEveryNumberOnce() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      String what = "round " + round + ", -Dtests.seed=" + SEED;
      Random random = new Random(SEED + round);
      Exposition exposition = Hosts.exposition(Detail.HISTOGRAMS);
      List<VmmView> vmms = new ArrayList<>();
      Set<String> before = Set.of();
      for (int step = 0; step < 4; step++) {
        vmms.add(publisher(100 + random.nextInt(1000) * 4 + step, random));
        vmms.sort(Comparator.comparingInt(VmmView::pid));
        Map<String, Double> text = checked(exposition, vmms, what);
        assertThat(text.keySet()).as(what).containsAll(before);
        before = stable(text);
      }
      // The kernel's have their names, whoever was here first.
      VmmView kernels = Hosts.kernels(99, "kernel's", 2, new Random(SEED));
      vmms.addFirst(kernels);
      Map<String, Double> all = checked(exposition, vmms, what);
      assertThat(all).as(what).containsAllEntriesOf(ofKernels(kernels));
      assertThat(all.keySet()).as(what).containsAll(before);
    }
  }

  @Test
  void promtoolTakesIt() throws Exception {
    Promtool.assumeInstalled();
    for (int round = 0; round < PROMTOOL_ROUNDS; round++) {
      Random random = new Random(SEED + round);
      List<VmmView> vmms = List.of(publisher(100, random), publisher(200, random));
      Promtool.assertValid(
          Hosts.write(Hosts.exposition(Detail.HISTOGRAMS), vmms, Format.TEXT),
          "round " + round + ", -Dtests.seed=" + SEED);
    }
  }

  /** All series but those that say how a VM is now. */
  private static Set<String> stable(Map<String, Double> values) {
    Set<String> stable = new LinkedHashSet<>(values.keySet());
    stable.removeIf(name -> name.startsWith("kvm_vm_info"));
    return stable;
  }

  private static Map<String, Double> ofKernels(VmmView vmm) throws Exception {
    Map<String, Double> alone =
        Document.parse(
                Hosts.write(Hosts.exposition(Detail.HISTOGRAMS), List.of(vmm), Format.TEXT),
                Format.TEXT)
            .values();
    return alone;
  }

  /** {@return every series of the text format, which the others agree with} */
  private static Map<String, Double> checked(Exposition exposition, List<VmmView> vmms, String what)
      throws Exception {
    Document text = Document.parse(Hosts.write(exposition, vmms, Format.TEXT), Format.TEXT);
    Document.parse(Hosts.write(exposition, vmms, Format.OPENMETRICS), Format.OPENMETRICS);
    Map<String, Double> values = text.values();
    Map<String, Double> messages =
        Messages.values(Messages.parse(Hosts.write(exposition, vmms, Format.PROTOBUF)));
    assertThat(withLe(messages)).as(what).isEqualTo(withLe(values));
    assertThat(numbers(text)).as(what).containsExactlyElementsOf(expected(vmms));
    int series = exposition.series(vmms, Hosts.HEALTH).values().stream().mapToInt(i -> i).sum();
    assertThat(series).as(what).isEqualTo(values.size());
    return values;
  }

  /** Bounds as the doubles that they are. */
  private static Map<String, Double> withLe(Map<String, Double> values) {
    Map<String, Double> same = new TreeMap<>();
    values.forEach((series, value) -> {
      int from = series.indexOf("le=");
      if (from < 0 || !series.contains("_bucket{")) {
        same.put(series, value);
        return;
      }
      int comma = series.indexOf(',', from);
      int end = comma < 0 ? series.indexOf('}', from) : comma;
      String bound = series.substring(from + 3, end).replace("+Inf", "Infinity");
      same.put(
          series.substring(0, from) + Double.parseDouble(bound) + series.substring(end), value);
    });
    return same;
  }

  /** {@return the scalars of each object, with its labels, in order} */
  private static List<String> numbers(Document text) {
    List<String> numbers = new ArrayList<>();
    for (Document.Family family : text.families().values()) {
      boolean isOwn =
          OwnFamily.all().stream().anyMatch(own -> own.seriesName().equals(family.name));
      if (!isOwn && !family.type.equals("histogram")) {
        family.samples.forEach(
            sample -> numbers.add(new TreeMap<>(sample.labels()) + " " + sample.number()));
      }
    }
    numbers.sort(Comparator.naturalOrder());
    return numbers;
  }

  private static List<String> expected(List<VmmView> vmms) {
    List<String> expected = new ArrayList<>();
    for (VmmView vmm : vmms) {
      for (ObjectView object : vmm.objects()) {
        Map<String, String> labels = new TreeMap<>(Map.of("vm", vmm.name().orElseThrow().text()));
        if (object.isVcpu()) {
          labels.put("vcpu", Integer.toString(object.vcpu()));
        }
        if (vmm.vms() > 1) {
          labels.put("fd", Integer.toString(object.fd()));
        }
        Sample sample = object.read().orElseThrow().latest();
        for (Descriptor stat : object.schema().descriptors()) {
          if (stat.size() == 1 && !stat.type().isHistogram() && sample.has(stat)) {
            expected.add(labels + " " + number(stat, sample.value(stat)));
          }
        }
      }
    }
    expected.sort(Comparator.naturalOrder());
    return expected;
  }

  private static double number(Descriptor stat, long raw) {
    double value = Double.parseDouble(Long.toUnsignedString(raw));
    if (stat.unit() == Unit.BOOLEAN) {
      return raw == 0 ? 0 : 1;
    }
    if (stat.unit() == Unit.UNKNOWN || stat.base() == Base.UNKNOWN) {
      return value;
    }
    return stat.base() == Base.POW2
        ? Math.scalb(value, stat.exponent())
        : Double.parseDouble(Long.toUnsignedString(raw) + "e" + stat.exponent());
  }

  private static VmmView publisher(int pid, Random random) {
    List<ObjectView> objects = new ArrayList<>();
    int vms = 1 + random.nextInt(2);
    for (int i = 0; i < vms; i++) {
      objects.add(object(-1, 10 + i, random));
    }
    for (int i = 0; i < 3; i++) {
      objects.add(object(i % 2, 20 + i, random));
    }
    return Hosts.vmm(pid, "}\"\\{vm" + pid, 2, random.nextBoolean(), Optional.empty(), objects);
  }

  /** Some of them are read short, so that their last values are absent. */
  private static ObjectView object(int vcpu, int fd, Random random) {
    Schema schema = schema(random);
    byte[] data = new byte[(int) (schema.dataBytes() - 8L * random.nextInt(4))];
    random.nextBytes(data);
    for (int i = 0; i < data.length; i++) {
      data[i] = random.nextInt(3) == 0 ? data[i] : 0;
    }
    return Hosts.object(vcpu, fd, schema, MemorySegment.ofArray(data));
  }

  private static Schema schema(Random random) {
    Map<String, Integer> names = new HashMap<>();
    Hosts.Stats stats = new Hosts.Stats();
    for (int i = 0; i < 30; i++) {
      String name =
          WORDS.get(random.nextInt(WORDS.size()))
              + ENDS.get(random.nextInt(ENDS.size()))
              + ENDS.get(random.nextInt(ENDS.size()));
      if (name.isEmpty() || names.put(name, i) != null) {
        continue;
      }
      int flags = random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(0x200);
      boolean isHistogram =
          (flags & 0xf) == StatType.LINEAR_HISTOGRAM.code()
              || (flags & 0xf) == StatType.LOG_HISTOGRAM.code();
      int size = random.nextInt(4) == 0 || isHistogram ? 1 + random.nextInt(80) : 1;
      int exponent = random.nextInt(3) == 0 ? (short) random.nextInt() : random.nextInt(-20, 20);
      long bucketSize = 1 + random.nextLong((1L << 32) - 1);
      stats.add(name, flags, exponent, size, bucketSize);
    }
    return stats.schema();
  }
}
