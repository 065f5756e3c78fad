package io.kvmstats.qmp;

import static io.kvmstats.qmp.FakeMonitor.GREETING;
import static io.kvmstats.qmp.FakeMonitor.stats;
import static io.kvmstats.qmp.FakeMonitor.vcpu;
import static io.kvmstats.qmp.FakeMonitor.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvmstats.core.model.Base;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.StatType;
import io.kvmstats.core.model.Unit;
import io.kvmstats.discover.VmmProcess;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What may come from a socket that somebody else listens on. */
class HostileMonitorTest {
  private static final VmmProcess SELF = new VmmProcess((int) ProcessHandle.current().pid());
  private static final Duration PATIENCE = Duration.ofMillis(500);

  /** Each of the steps, and what a busy machine adds. */
  private static final Duration LIMIT = Duration.ofSeconds(8);

  @TempDir private Path folder;

  private FakeMonitor monitor;

  @BeforeEach
  void listen() throws IOException {
    monitor = new FakeMonitor(folder.resolve("monitor"));
  }

  @AfterEach
  void close() throws IOException {
    monitor.close();
  }

  private QmpVm open() throws IOException {
    Monitors monitors = new Monitors(List.of(monitor.path.toString()), List.of());
    return QmpVm.open(SELF, Set.of(0, 1), monitors, PATIENCE);
  }

  private static List<MemorySegment> blocks(QmpVm vm) {
    return vm.objects().stream()
        .map(object -> MemorySegment.ofArray(new long[(int) object.schema().dataBytes() / 8]))
        .toList();
  }

  private static Descriptor stat(QmpVm vm, int object, String name) {
    return vm.objects().get(object).schema().find(name).orElseThrow();
  }

  private static long value(QmpVm vm, List<MemorySegment> blocks, int object, String name) {
    return blocks.get(object).get(ValueLayout.JAVA_LONG_UNALIGNED, stat(vm, object, name).offset());
  }

  @Test
  void aWellBehavedOneIsRead() throws IOException {
    try (QmpVm vm = open()) {
      assertThat(vm.version()).isEqualTo("9.2");
      assertThat(vm.interruptsVcpus()).isFalse();
      assertThat(vm.objects())
          .extracting(QmpVm.QmpObject::id)
          .containsExactly("/machine", "/a", "/b");
      List<MemorySegment> blocks = blocks(vm);
      assertThat(vm.query(blocks)).containsExactly(8L, 96L, 96L);
      assertThat(value(vm, blocks, 0, "flushes")).isEqualTo(3);
      assertThat(value(vm, blocks, 1, "guest_mode")).isEqualTo(1);
      assertThat(value(vm, blocks, 2, "guest_mode")).isEqualTo(0);
      assertThat(value(vm, blocks, 2, "odd")).isEqualTo(-1L); // 2^64 - 1
      Descriptor odd = stat(vm, 1, "odd");
      assertThat(List.of(odd.type(), odd.unit(), odd.base()))
          .containsExactly(StatType.UNKNOWN, Unit.UNKNOWN, Base.UNKNOWN);
      Descriptor hist = stat(vm, 1, "halt_wait_hist");
      assertThat(List.of(hist.type(), hist.unit(), hist.base()))
          .containsExactly(StatType.LOG_HISTOGRAM, Unit.SECONDS, Base.POW10);
      assertThat(List.of(hist.exponent(), hist.size())).containsExactly(-9, 4);
      assertThat(monitor.connections).hasValue(1);
    }
  }

  private static FakeMonitor.Says says(String text) {
    return (out, id) -> write(out, text.replace("ID", id));
  }

  private static FakeMonitor.Says endless(String start, String more) {
    return (out, id) -> {
      write(out, start.replace("ID", id));
      while (true) {
        write(out, more.repeat(1000));
      }
    };
  }

  private static FakeMonitor.Says drip(String text) {
    return (out, id) -> {
      for (char c : text.replace("ID", id).toCharArray()) {
        write(out, String.valueOf(c));
        Thread.sleep(60);
      }
    };
  }

  private static FakeMonitor.Says returns(String value) {
    return says("{\"return\": " + value + ", \"id\": ID}\r\n");
  }

  private static FakeMonitor.Says exits(String value) {
    return returns(stats("/a", "exits", value));
  }

  static Stream<Arguments> lies() {
    String vcpus = "query-stats vcpu";
    return Stream.of(
        Arguments.of("greeting", says(""), "no greeting: a monitor serves one client at a time"),
        Arguments.of("greeting", says("SSH-2.0-OpenSSH_9\r\n"), "says what is no QMP"),
        Arguments.of("greeting", says("{\"QMP\":{}}"), "the greeting is not QMP's"),
        Arguments.of("greeting", says("[1, 2]\r\n"), "there is START_ARRAY, and not START_OBJECT"),
        Arguments.of("greeting", endless("", " "), "says more than it was asked for"),
        Arguments.of("greeting", endless("{\"QMP\":{\"a\":\"", "x"), "says "),
        Arguments.of("greeting", endless("{\"QMP\":", "{\"a\":"), "says what is no QMP"),
        Arguments.of("greeting", endless("{\"QMP\":{\"a\":", "["), "says what is no QMP"),
        Arguments.of("greeting", drip(GREETING), "no greeting"),
        Arguments.of("qmp_capabilities", drip("{\"return\": {}, \"id\": ID}"), "answer in time"),
        Arguments.of(
            "qmp_capabilities", says("{\"return\": {}, \"id\": 99}"), "to something else: 99"),
        Arguments.of(
            "qmp_capabilities", says("{\"return\": {}, \"id\": \"ID\"}"), "id is no number"),
        Arguments.of("qmp_capabilities", says("{\"return\": {}}"), "to something else: null"),
        Arguments.of("qmp_capabilities", says("{\"id\": ID}"), "an answer returns nothing"),
        Arguments.of("qmp_capabilities", says("{\"id\": ID"), "gives no answer in time"),
        Arguments.of(
            "qmp_capabilities",
            says("{\"return\":{},\"return\":{},\"id\":ID}"),
            "says what is no QMP"),
        Arguments.of(
            "qmp_capabilities",
            endless("", "{\"event\":\"RTC_CHANGE\"}\r\n"),
            "says more than it was"),
        Arguments.of(
            "query-cpus-fast",
            returns("[{\"thread-id\": 1, \"qom-path\": \"/a\", \"cpu-index\": 0}]"),
            "another process answers there"),
        Arguments.of("query-cpus-fast", returns("[]"), "are not those that KVM has"),
        Arguments.of("query-cpus-fast", returns("[{},{},{}]"), "does not end after 2 elements"),
        Arguments.of("query-stats-schemas", returns("[]"), "QEMU has no statistics of KVM's"),
        Arguments.of(
            "query-stats-schemas",
            says("{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"not found\"},\"id\":ID}"),
            "query-stats-schemas: QEMU says \"not found\""),
        Arguments.of(
            "query-stats-schemas",
            returns("[{\"provider\":\"kvm\",\"stats\":[{\"name\":\"\\u001b[31m\"}]}]"),
            "name is not printable"),
        Arguments.of(vcpus, returns("[" + vcpu("/c", "true") + "]"), "unknown vCPU: /c"),
        Arguments.of(
            vcpus,
            returns("[" + vcpu("/a", "true") + "," + vcpu("/a", "true") + "]"),
            "a vCPU is listed twice"),
        Arguments.of(
            vcpus, returns(stats("/a", "exits", "1", "exits", "2")), "two values of exits"),
        Arguments.of(vcpus, exits("-1"), "the number -1 is no u64"),
        Arguments.of(vcpus, exits("18446744073709551616"), "18446744073709551616 is no u64"),
        Arguments.of(vcpus, exits("9".repeat(100_000)), "says what is no QMP"),
        Arguments.of(vcpus, exits("1.5"), "VALUE_NUMBER_FLOAT, and not VALUE_NUMBER_INT"),
        Arguments.of(vcpus, exits("1e3"), "VALUE_NUMBER_FLOAT, and not VALUE_NUMBER_INT"),
        Arguments.of(vcpus, exits("NaN"), "says what is no QMP"),
        Arguments.of(vcpus, exits("\"12\""), "VALUE_STRING, and not VALUE_NUMBER_INT"),
        Arguments.of(vcpus, exits("null"), "VALUE_NULL, and not VALUE_NUMBER_INT"),
        Arguments.of(vcpus, exits("[" + "0,".repeat(70_000) + "0]"), "does not end after 65535"),
        Arguments.of(vcpus, endless("{\"return\":[", "{},"), "does not end after 3 elements"),
        Arguments.of(vcpus, returns("7"), "VALUE_NUMBER_INT, and not START_ARRAY"));
  }

  @ParameterizedTest
  @MethodSource("lies")
  void whatIsWrongIsSaidInTime(String command, FakeMonitor.Says says, String why) {
    monitor.says(command, says);
    long start = System.nanoTime();
    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(monitor.path + ": ")
        .hasMessageContaining(why)
        .message()
        .hasSizeLessThan(1000);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LIMIT);
  }

  @Test
  void manyStepsEachInTimeAreTooManyInAll() {
    List<Integer> numbers = IntStream.range(0, 100).boxed().toList();
    monitor.returns(
        "query-cpus-fast",
        numbers.stream()
            .map(i ->
                "{\"thread-id\": %d, \"qom-path\": \"/%d\", \"cpu-index\": %d}"
                    .formatted(ProcessHandle.current().pid(), i, i))
            .toList()
            .toString());
    monitor.says(
        "qom-get",
        (out, id) -> {
          Thread.sleep(PATIENCE.dividedBy(2));
          write(out, "{\"return\": " + id + ", \"id\": " + id + "}");
        });
    Monitors monitors = new Monitors(List.of(monitor.path.toString()), List.of());
    long start = System.nanoTime();
    assertThatThrownBy(() -> QmpVm.open(SELF, Set.copyOf(numbers), monitors, PATIENCE))
        .hasMessageContaining("gives no answer in time");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LIMIT);
  }

  @Test
  void eventsAreNoAnswers() throws IOException {
    monitor.says(
        "query-stats vm",
        says(
            "{\"timestamp\":{\"seconds\":1,\"microseconds\":2},\"event\":\"STOP\"}\r\n"
                + "{\"event\":\"RESUME\",\"data\":{\"return\":[{}]}}\r\n{\r\n\"return\":\r\n"
                + stats("", "flushes", "4")
                + ",\"id\":ID}\r\n"));
    try (QmpVm vm = open()) {
      List<MemorySegment> blocks = blocks(vm);
      vm.query(blocks);
      assertThat(value(vm, blocks, 0, "flushes")).isEqualTo(4);
    }
  }

  @Test
  void whatIsMissingIsAbsent() throws IOException {
    try (QmpVm vm = open()) {
      monitor.returns("query-stats vm", "[]");
      monitor.returns(
          "query-stats vcpu", "[" + vcpu("/b", "true").replace("\"exits\"", "\"more\"") + "]");
      List<MemorySegment> blocks = blocks(vm);
      assertThat(vm.query(blocks)).containsExactly(0L, 0L, stat(vm, 2, "exits").offset());
      assertThat(stat(vm, 2, "exits").offset()).isPositive();
      // Another number of buckets is another histogram.
      monitor.returns(
          "query-stats vcpu", "[" + vcpu("/b", "true").replace("[0,0,0,0]", "[0,0,0,0,0]") + "]");
      assertThat(vm.query(blocks)).containsExactly(0L, 0L, stat(vm, 2, "wait_hist").offset());
      monitor.returns("query-stats vm", stats("", "flushes", "true"));
      assertThatThrownBy(() -> vm.query(blocks)).hasMessageContaining("flushes is true or false");
    }
  }

  /** The order shows by a histogram with a sum, and then holds for one without. */
  @Test
  void histogramsAreAbsentUntilTheirOrderShows() throws IOException {
    try (QmpVm vm = open()) {
      List<MemorySegment> blocks = blocks(vm);
      String unknown = vcpu("/a", "true").replaceFirst("\\[0,0,0,0]", "[1,0,0,0]");
      monitor.returns("query-stats vcpu", "[" + unknown + "]");
      assertThat(vm.query(blocks).get(1)).isEqualTo(stat(vm, 1, "wait_hist").offset());

      String reversed = sum(unknown, "[0,0,0,9]", 0); // Nine times no time at all.
      monitor.returns("query-stats vcpu", "[" + reversed + "]");
      assertThat(vm.query(blocks).get(1)).isEqualTo(96);
      assertThat(histogram(vm, blocks, "wait_hist")).containsExactly(0L, 0L, 0L, 1L);
      assertThat(histogram(vm, blocks, "halt_wait_hist")).containsExactly(9L, 0L, 0L, 0L);
      monitor.returns("query-stats vcpu", "[" + unknown + "]");
      assertThat(vm.query(blocks).get(1)).isEqualTo(96);
      assertThat(histogram(vm, blocks, "wait_hist")).containsExactly(0L, 0L, 0L, 1L);

      monitor.returns("query-stats vcpu", "[" + sum(unknown, "[0,0,0,9]", 90) + "]");
      vm.query(blocks);
      assertThat(histogram(vm, blocks, "halt_wait_hist")).containsExactly(0L, 0L, 0L, 9L);

      // Both at once: nothing is as it seems.
      String other = sum(vcpu("/b", "true"), "[0,0,0,9]", 0);
      monitor.returns("query-stats vcpu", "[" + sum(unknown, "[0,0,0,9]", 90) + "," + other + "]");
      assertThat(vm.query(blocks).get(1)).isEqualTo(stat(vm, 1, "wait_hist").offset());
    }
  }

  private static String sum(String vcpu, String buckets, long sum) {
    return vcpu.replace(
            "\"halt_wait_hist\",\"value\":[0,0,0,0]", "\"halt_wait_hist\",\"value\":" + buckets)
        .replace("\"halt_wait_ns\",\"value\":0", "\"halt_wait_ns\",\"value\":" + sum);
  }

  private static List<Long> histogram(QmpVm vm, List<MemorySegment> blocks, String name) {
    Descriptor stat = stat(vm, 1, name);
    return Stream.iterate(0, i -> i + 1)
        .limit(stat.size())
        .map(i -> blocks.get(1).get(ValueLayout.JAVA_LONG_UNALIGNED, stat.offset() + 8L * i))
        .toList();
  }

  @Test
  void whatBreaksIsMadeAnewLessAndLessOften() throws Exception {
    try (QmpVm vm = open()) {
      List<MemorySegment> blocks = blocks(vm);
      monitor.says("query-stats vm", says("nonsense\r\n"));
      assertThatThrownBy(() -> vm.query(blocks)).hasMessageContaining("says what is no QMP");
      for (int i = 0; i < 100; i++) {
        assertThatThrownBy(() -> vm.query(blocks)).hasMessageContaining("says what is no QMP");
      }
      assertThat(monitor.connections).hasValue(1);
      Thread.sleep(1100);
      assertThatThrownBy(() -> vm.query(blocks)).hasMessageContaining("says what is no QMP");
      assertThat(monitor.connections).hasValue(2);
      Thread.sleep(1100); // Two seconds now.
      assertThatThrownBy(() -> vm.query(blocks)).hasMessageContaining("says what is no QMP");
      assertThat(monitor.connections).hasValue(2);
      monitor.returns("query-stats vm", stats("", "flushes", "5"));
      Thread.sleep(1100);
      vm.query(blocks);
      assertThat(value(vm, blocks, 0, "flushes")).isEqualTo(5);
      assertThat(monitor.connections).hasValue(3);
      vm.query(blocks);
      assertThat(monitor.connections).hasValue(3);
    }
  }

  @Test
  void closingEndsAQueryThatIsUnderWay() throws Exception {
    QmpVm vm = open();
    monitor.says("query-stats vm", (out, id) -> Thread.sleep(10_000));
    List<MemorySegment> blocks = blocks(vm);
    Thread closer =
        Thread.ofVirtual()
            .start(() -> {
              try {
                Thread.sleep(100);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              vm.close();
            });
    long start = System.nanoTime();
    assertThatThrownBy(() -> vm.query(blocks)).isInstanceOf(IOException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PATIENCE);
    closer.join();
  }
}
