package io.kvmstats.jfr;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.catalog.Catalog;
import io.kvmstats.core.catalog.CatalogEntry;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Schema;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.lang.model.SourceVersion;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a recording has of made-up hosts, read back from its file. */
@Timeout(120)
class KvmEventsTest {
  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration SHORT = Duration.ofMillis(1);
  private static final List<String> KERNELS = List.of("kvmstats.VM", "kvmstats.Vcpu");

  @TempDir private Path folder;

  private static Set<String> types() {
    return FlightRecorder.getFlightRecorder().getEventTypes().stream()
        .map(EventType::getName)
        .filter(name -> name.startsWith("kvmstats."))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void everyVmAndVcpuHasAnEventWithTheNumbersOfTheView() throws Exception {
    VmmView vm = MadeUpHost.kernels(100, "web1", 1000);
    try (KvmEvents events = new KvmEvents(new MadeUpHost(List.of(vm)), LONG)) {
      events.register();
      assertThat(types()).containsExactlyElementsOf(KERNELS);
      Map<String, List<RecordedEvent>> recorded = OneRecording.once(KERNELS, folder);
      assertThat(recorded.get("kvmstats.VM")).hasSize(1);
      assertThat(recorded.get("kvmstats.Vcpu"))
          .extracting(e -> e.getInt("vcpu"))
          .containsExactly(0, 1);
      for (RecordedEvent event : recorded.get("kvmstats.Vcpu")) {
        assertThat(event.getString("vm")).isEqualTo("web1");
        assertThat(event.getInt("pid")).isEqualTo(100);
        assertThat(event.getInt("fd")).isEqualTo(20 + event.getInt("vcpu"));
        int found = 0;
        for (Descriptor stat : MadeUpHost.VCPU.descriptors()) {
          if (!stat.type().isHistogram()) {
            long number = stat.offset() / Long.BYTES + 1000;
            assertThat(event.getLong(stat.name())).as(stat.name()).isEqualTo(number);
            found++;
          }
        }
        assertThat(found).isGreaterThan(30);
        assertThat(event.getDuration("halt_wait_ns").toNanos())
            .isEqualTo(event.getLong("halt_wait_ns"));
      }
      ValueDescriptor exits =
          recorded.get("kvmstats.Vcpu").getFirst().getEventType().getField("blocking");
      assertThat(exits.getLabel()).isEqualTo("blocking");
      assertThat(exits.getDescription())
          .isEqualTo(
              Catalog.load()
                  .find("blocking", Scope.VCPU, System.getProperty("os.arch"))
                  .map(CatalogEntry::meaning)
                  .orElseThrow());
    }
    assertThat(types()).isEmpty();
  }

  @Test
  void whatIsUnknownIsShownAsSuch() throws Exception {
    MadeUpHost host = new MadeUpHost(List.of(MadeUpHost.kernels(100, "web1", 7)));
    host.canSweep = false;
    Path file = folder.resolve("unknown.jfr");
    try (KvmEvents events = new KvmEvents(host, LONG)) {
      events.register();
      try (OneRecording recorded = OneRecording.begin(KERNELS)) {
        recorded.end(file);
      }
    }
    assertThat(OneRecording.read(file).get("kvmstats.Vcpu"))
        .hasSize(2)
        .allMatch(event -> event.getLong("blocking") == Long.MIN_VALUE);
    Process print =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jfr").toString(),
                "print",
                "--events",
                "kvmstats.Vcpu",
                file.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(print.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(print.waitFor()).as(said).isZero();
    assertThat(said).contains("  halt_wait_ns = N/A\n", "  blocking = N/A\n", "  vcpu = 1\n");
  }

  @Test
  void whoComesIsInARecordingThatIsOnAndWhoHasGoneIsNot() throws Exception {
    MadeUpHost host = new MadeUpHost(List.of());
    Path file = folder.resolve("coming.jfr");
    try (KvmEvents events = new KvmEvents(host, SHORT)) {
      events.register();
      assertThat(types()).isEmpty();
      try (OneRecording recorded = OneRecording.begin(KERNELS)) {
        host.vmms = List.of(MadeUpHost.kernels(100, "web1", 7));
        while (!types().containsAll(KERNELS)) {
          Thread.sleep(1);
        }
        // Two looks that begin from here on: the first one's events are known by then.
        host.vmms = List.of(MadeUpHost.kernels(101, "web2", 8));
        host.awaitLooks(2);
        recorded.end(file);
      }
    }
    assertThat(OneRecording.read(file).get("kvmstats.Vcpu"))
        .hasSize(2)
        .allMatch(event -> event.getString("vm").equals("web2"));
  }

  @Test
  void numbersAreInTheUnitsThatTheirFieldsSay() throws Exception {
    Schema schema =
        new Schema(
            List.of(
                stat("ms", StatType.INSTANT, Unit.SECONDS, Base.POW10, -3, 0),
                stat("odd", StatType.PEAK, Unit.SECONDS, Base.POW10, -4, 1),
                stat("kib", StatType.INSTANT, Unit.BYTES, Base.POW2, 10, 2),
                stat("large", StatType.INSTANT, Unit.BYTES, Base.POW2, 10, 3),
                stat("larger", StatType.CUMULATIVE, Unit.CYCLES, Base.POW10, 0, 4)));
    long[] numbers = {1500, 3, 5, Long.MAX_VALUE / 512, -1};
    VmmView vmm =
        MadeUpHost.vmm(
            100, "one", 1, false, MadeUpHost.object(0, 3, schema, i -> numbers[(int) i]));
    try (KvmEvents events = new KvmEvents(new MadeUpHost(List.of(vmm)), LONG)) {
      events.register();
      RecordedEvent event = OneRecording.once(KERNELS, folder).get("kvmstats.Vcpu").getFirst();
      assertThat(event.getDuration("ms")).isEqualTo(Duration.ofMillis(1500));
      assertThat(event.getLong("odd")).isEqualTo(3);
      assertThat(event.getEventType().getField("odd").getDescription())
          .isEqualTo("Counted in ×10^-4 s.");
      assertThat(event.getLong("kib")).isEqualTo(5 * 1024);
      assertThat(event.getEventType().getField("kib").getContentType())
          .isEqualTo("jdk.jfr.DataAmount");
      assertThat(event.getLong("large")).isEqualTo(Long.MAX_VALUE);
      assertThat(event.getLong("larger")).isEqualTo(Long.MAX_VALUE);
    }
  }

  private static Descriptor stat(
      String name, StatType type, Unit unit, Base base, int exponent, int index) {
    return new Descriptor(
        name, Descriptor.flags(type, unit, base), exponent, 1, (long) index * Long.BYTES, 0);
  }

  private static ObjectView publishes(List<String> names) {
    List<Descriptor> stats = new ArrayList<>();
    for (String name : names) {
      stats.add(stat(name, StatType.CUMULATIVE, Unit.NONE, Base.POW10, 0, stats.size()));
    }
    return MadeUpHost.object(0, 3, new Schema(stats), i -> i);
  }

  @Test
  void whateverStatisticsAreCalledFieldsHaveValidNames() throws Exception {
    List<String> names =
        List.of(
            "class", "a.b", "a-b", "a_b", "a_b_2", "9x", "", "_", "vm", "duration", "exits", "é");
    VmmView vmm = MadeUpHost.vmm(100, "odd", 1, true, publishes(names));
    VmmView kernels = MadeUpHost.kernels(101, "web1", 0);
    try (KvmEvents events = new KvmEvents(new MadeUpHost(List.of(vmm, kernels)), LONG)) {
      events.register();
      List<String> types = List.copyOf(types());
      assertThat(types)
          .hasSize(3)
          .containsAll(KERNELS)
          .element(0)
          .asString()
          .matches("kvmstats\\.PublishedVcpu_[0-9a-f]{12}");
      Map<String, List<RecordedEvent>> recorded = OneRecording.once(types, folder);
      assertThat(recorded.get("kvmstats.Vcpu")).hasSize(2);
      RecordedEvent event = recorded.get(types.getFirst()).getFirst();
      Set<Long> numbers = new HashSet<>();
      for (ValueDescriptor field : event.getFields()) {
        assertThat(SourceVersion.isName(field.getName())).as(field.getName()).isTrue();
        if (names.contains(field.getLabel())) {
          numbers.add(event.getLong(field.getName()));
          assertThat(names.get((int) event.getLong(field.getName()))).isEqualTo(field.getLabel());
        }
      }
      assertThat(numbers).hasSize(names.size());
      assertThat(event.getLong("exits")).isEqualTo(10);
    }
  }

  @Test
  void aTypesNameFollowsFromItsFields() {
    VmmView one = MadeUpHost.vmm(100, "one", 1, true, publishes(List.of("a", "b")));
    VmmView sameInOtherOrder = MadeUpHost.vmm(101, "two", 1, true, publishes(List.of("b", "a")));
    VmmView other = MadeUpHost.vmm(102, "three", 1, true, publishes(List.of("a", "c")));
    VmmView small = MadeUpHost.vmm(99, "small", 1, false, publishes(List.of("exits")));
    VmmView kernels = MadeUpHost.kernels(103, "web1", 0);
    Set<String> before;
    try (KvmEvents events =
        new KvmEvents(
            new MadeUpHost(List.of(one, sameInOtherOrder, other, small, kernels)), LONG)) {
      events.register();
      before = types();
      assertThat(before).hasSize(5).containsAll(KERNELS);
      assertThat(before).filteredOn(name -> name.startsWith("kvmstats.Vcpu_")).hasSize(1);
    }
    assertThat(types()).isEmpty();
    try (KvmEvents events =
        new KvmEvents(new MadeUpHost(List.of(kernels, small, other, one)), LONG)) {
      events.register();
      assertThat(types()).isEqualTo(before);
    }
  }

  /** A class can't be that large, and none is ever let go. */
  @Test
  void nobodyHasFieldsOrTypesWithoutEnd() throws Exception {
    List<VmmView> vmms = new ArrayList<>();
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 4096; i++) {
      many.add("s" + i);
    }
    for (int i = 0; i < 100; i++) {
      vmms.add(MadeUpHost.vmm(100 + i, "many" + i, 1, true, publishes(List.of("x" + i))));
    }
    vmms.add(MadeUpHost.vmm(300, "many", 1, true, publishes(many)));
    vmms.add(MadeUpHost.kernels(400, "web1", 0));
    try (KvmEvents events = new KvmEvents(new MadeUpHost(vmms), LONG)) {
      events.register();
      List<String> types = List.copyOf(types());
      assertThat(types).hasSize(64 + 2).containsAll(KERNELS);
      Map<String, List<RecordedEvent>> recorded = OneRecording.once(types, folder);
      assertThat(recorded).hasSize(64 + 2);
      RecordedEvent large =
          recorded.values().stream()
              .map(List::getFirst)
              .filter(event -> event.getString("vm").equals("many"))
              .findFirst()
              .orElseThrow();
      assertThat(large.getFields()).hasSizeBetween(1000, 1010);
      assertThat(large.getLong("s17")).isEqualTo(17);
    }
  }
}
