package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What processes publish, in Java, in Python from the documentation alone, and with bad intent. */
class PublishingIT {
  private static final Path DOCUMENTATION = App.HOME.resolve("docs/publishing.md");

  /** {@return the VM of a process as list has it} */
  private static JsonNode listed(Publisher publisher) throws Exception {
    JsonNode list = Schemas.read("list", App.run("list", "--format", "json").out());
    return list.get("vms")
        .valueStream()
        .filter(vm -> vm.get("pid").asString().equals(publisher.pid()))
        .findFirst()
        .orElseThrow(() -> new AssertionError(publisher.pid() + " is not in " + list));
  }

  /** {@return by "object name", such as "vcpu7 exits", what get says; a histogram's in brackets} */
  private static Map<String, String> values(Publisher publisher) throws Exception {
    App.Result get = App.run("get", "--pid", publisher.pid(), "--format", "json");
    assertThat(get.exit()).as(get.err()).isZero();
    Map<String, String> values = new TreeMap<>();
    for (JsonNode object : Schemas.read("get", get.out()).get("vms").get(0).get("objects")) {
      String vcpu = object.get("vcpu").isNull() ? "" : object.get("vcpu").asString();
      for (JsonNode stat : object.get("stats")) {
        String name = object.get("object").asString() + vcpu + " " + stat.get("name").asString();
        values.put(name, stat.get("value").toString());
      }
    }
    return values;
  }

  /** {@return the n-th block of a language in the documentation, in a file} */
  private static Path example(String language, int n, Path folder) throws Exception {
    Pattern block = Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL);
    List<MatchResult> blocks = block.matcher(Files.readString(DOCUMENTATION)).results().toList();
    return Files.writeString(
        folder.resolve("example" + n + "." + language), blocks.get(n).group(1));
  }

  @Test
  void aJavaPublisherIsFoundMarkedAndRead() throws Exception {
    try (Publisher publisher = Publisher.java("published-it")) {
      JsonNode vm = listed(publisher);
      assertThat(vm.get("published").asBoolean()).isTrue();
      assertThat(vm.get("name").asString()).isEqualTo("published-it");
      assertThat(vm.get("source").asString()).isEqualTo("dup");
      assertThat(vm.get("vm_count").asInt()).isEqualTo(1);
      assertThat(vm.get("vcpu_count").asInt()).isEqualTo(2);
      assertThat(vm.get("why_not_better").isNull()).isTrue();
      assertThat(App.run("list").out()).containsPattern("published-it +2 +dup, published +–\n");
      assertThat(App.run("list", "--format", "csv").out())
          .contains(publisher.pid() + ",java,published-it,2,dup,true,\n");
      Map<String, String> values = values(publisher);
      assertThat(values)
          .containsEntry("vm flushes", BigInteger.TWO.pow(64).subtract(BigInteger.ONE).toString())
          .containsEntry("vm most", "4711")
          .containsEntry("vcpu0 exits", "100")
          .containsEntry("vcpu0 blocking", "1")
          .containsEntry("vcpu0 wait_hist", "[0,0,0,1,0,0,0,0]");
      assertThat(App.run("get", "--pid", publisher.pid()).out()).contains(", by dup, published\n");
      App.Result watch =
          App.run(
              "watch",
              "--pid",
              publisher.pid(),
              "-n",
              "1",
              "-i",
              "0.2",
              "--stat",
              "exits",
              "--format",
              "json");
      JsonNode objects = Schemas.read("watch", watch.out()).get("vms").get(0).get("objects");
      assertThat(objects.get(1).findValue("per_second").asDouble()).isZero();
      assertThat(objects.get(2).findValue("per_second").asDouble()).isGreaterThan(100);
      App.Result stat = App.run("stat", "--pid", publisher.pid(), "-d", "0.1", "--format", "json");
      assertThat(Schemas.read("stat", stat.out()).findValue("published").asBoolean()).isTrue();
      assertThat(App.run("schema", "--pid", publisher.pid()).out()).contains("wait_hist", "most");
      App.Result verify = App.run("verify", "--pid", publisher.pid());
      assertThat(verify.exit()).as(verify.out() + verify.err()).isZero();
      assertThat(verify.out().lines().filter(line -> line.endsWith("every rule is kept")))
          .hasSize(3);
    }
  }

  /** A watch holds duplicates of the same name; it is no publisher. */
  @Test
  void whoReadsIsNoPublisher() throws Exception {
    try (Publisher publisher = Publisher.java("read-it")) {
      Process watch =
          new ProcessBuilder(
                  App.command("watch", "--pid", publisher.pid(), "-i", "0.1", "--format", "csv"))
              .start();
      try {
        var rows = watch.inputReader();
        rows.readLine();
        assertThat(rows.readLine()).contains(",read-it,");
        String list = App.run("list", "--format", "csv").out();
        assertThat(list).contains("\n" + publisher.pid() + ",");
        assertThat(list).doesNotContain("\n" + watch.pid() + ",");
      } finally {
        watch.destroy();
        watch.waitFor();
      }
    }
  }

  @Test
  void theDocumentationsPublisherAndReadersAgreeWithOurs(@TempDir Path folder) throws Exception {
    App.assumeCommand("cc");
    Path cReader = folder.resolve("reader");
    App.Result cc =
        App.run(
            List.of(
                "cc",
                "-O1",
                "-Wall",
                "-Werror",
                "-o",
                cReader.toString(),
                example("c", 0, folder).toString()));
    assertThat(cc.exit()).as(cc.err()).isZero();
    String pythonReader = example("python", 1, folder).toString();
    try (Publisher publisher =
        Publisher.python(example("python", 0, folder), "-name", "from-the-docs")) {
      JsonNode vm = listed(publisher);
      assertThat(vm.get("name").asString()).isEqualTo("from-the-docs");
      assertThat(vm.get("published").asBoolean()).isTrue();
      assertThat(vm.get("why_not_better").isNull()).isTrue();
      Map<String, String> values = values(publisher);
      assertThat(values)
          .containsEntry("vcpu0 exits", "4")
          .containsEntry("vcpu0 halt_wait_ns", "50800901")
          .containsEntry("vcpu0 queue_hist", "[0,0,0,1]");
      assertThat(App.run("verify", "--pid", publisher.pid()).exit()).isZero();
      String fd = publisher.fd("/memfd:kvm-vcpu-stats:0 (deleted)");
      Map<String, String> theirs = new TreeMap<>(Map.of("vm remote_tlb_flush", "0"));
      App.Result python = App.run(List.of("python3", pythonReader, publisher.pid(), fd));
      for (String line : python.out().lines().toList()) {
        String[] words = line.split(" ", 2);
        String value = words[1].replace(' ', ',');
        theirs.put("vcpu0 " + words[0], value.contains(",") ? "[" + value + "]" : value);
      }
      assertThat(theirs).isEqualTo(values);
      App.Result c = App.run(List.of(cReader.toString(), publisher.pid(), fd, "halt_wait_ns"));
      assertThat(c.exit()).isZero();
      assertThat(c.out()).isEqualTo("50800901\n");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          unsealed    | published without F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_FUTURE_WRITE, F_SEAL_SEAL: whoever
          half-sealed | published without F_SEAL_FUTURE_WRITE: whoever publishes it has to add all four seals
          shrinks     | published without F_SEAL_SHRINK
          escape      | name of descriptor 0: byte 0 is 0x1b, not printable ASCII
          """)
  void whatMustNotBeReadIsRefusedWithTheReasonAndHarmsNoOther(String what, String why)
      throws Exception {
    try (Publisher good = Publisher.java("good");
        Publisher hostile = Publisher.hostile(what)) {
      JsonNode vm = listed(hostile);
      assertThat(vm.get("source").isNull()).isTrue();
      assertThat(vm.get("published").asBoolean()).isTrue();
      assertThat(vm.get("why_not_better").asString()).contains(why);
      App.Result get = App.run("get", "--pid", hostile.pid());
      assertThat(get.exit()).isEqualTo(3);
      assertThat(get.err()).contains(why).doesNotContain("\u001b").doesNotContain("\tat ");
      App.Result doctor = App.run("doctor");
      assertThat(doctor.out()).contains("published, can't be read").doesNotContain("\u001b");
      assertThat(values(good)).containsEntry("vcpu0 exits", "100");
    }
  }

  @Test
  void aHeaderThatLiesHarmsItsOwnObjectAlone() throws Exception {
    try (Publisher hostile = Publisher.hostile("lies")) {
      JsonNode vm = listed(hostile);
      assertThat(vm.get("source").asString()).isEqualTo("dup");
      assertThat(vm.get("why_not_better").asString())
          .contains("num_desc in the header is 4294967295")
          .contains("and 2 more like this");
      assertThat(values(hostile)).containsOnlyKeys("vcpu2 exits");
      App.Result verify = App.run("verify", "--pid", hostile.pid());
      assertThat(verify.exit()).isEqualTo(1);
      assertThat(verify.out()).contains("num_desc in the header").contains("every rule is kept");
    }
  }

  @Test
  void whatIsRewrittenWhileItIsReadIsReadOrRefusedAndVerifySaysSo() throws Exception {
    try (Publisher good = Publisher.java("good");
        Publisher hostile = Publisher.hostile("rewrites")) {
      boolean caught = false;
      for (int i = 0; i < 30 && !caught; i++) {
        App.Result verify = App.run("verify", "--pid", hostile.pid());
        assertThat(verify.exit()).isIn(0, 1, 3);
        assertThat(verify.out() + verify.err()).doesNotContain("\tat ");
        caught = verify.out().contains("what is before the data never changes");
      }
      assertThat(caught).isTrue();
      App.Result watch = App.run("watch", "-n", "3", "-i", "0.1", "--format", "json");
      assertThat(Schemas.readLines("watch", watch.out()).getLast().findValues("pid"))
          .extracting(JsonNode::asString)
          .contains(good.pid());
    }
  }

  @Test
  void whatGoesBackwardsHasNoRate() throws Exception {
    try (Publisher hostile = Publisher.hostile("backwards")) {
      App.Result watch =
          App.run(
              "watch",
              "--pid",
              hostile.pid(),
              "-n",
              "1",
              "-i",
              "0.1",
              "--stat",
              "exits",
              "--format",
              "json");
      JsonNode stat = Schemas.read("watch", watch.out()).findValue("stats").get(0);
      assertThat(stat.get("reset").asBoolean()).isTrue();
      assertThat(stat.get("delta").isNull()).isTrue();
      assertThat(stat.get("per_second").isNull()).isTrue();
      App.Result verify = App.run("verify", "--pid", hostile.pid());
      assertThat(verify.exit()).isEqualTo(1);
      // Said once, though it falls all the time.
      assertThat(verify.out().lines())
          .singleElement(STRING)
          .contains("exits: a cumulative or peak value never falls");
    }
  }

  @Test
  void aHistogramAsWideAsCanBeDelaysNobody() throws Exception {
    try (Publisher wide = Publisher.hostile("wide")) {
      for (String format : List.of("table", "json", "csv")) {
        App.Result stat = App.run("stat", "--pid", wide.pid(), "-d", "0.01", "--format", format);
        assertThat(stat.exit()).as(format).isZero();
        assertThat(stat.out()).contains("exits");
      }
    }
  }

  @Test
  void schemaHasTheStatisticsOfAllVmsThatAreAskedFor() throws Exception {
    try (Publisher one = Publisher.java("one");
        Publisher two = Publisher.java("two");
        Publisher other = Publisher.hostile("wide")) {
      App.Result schema =
          App.run(
              "schema",
              "--pid",
              one.pid(),
              "--pid",
              two.pid(),
              "--pid",
              other.pid(),
              "--format",
              "json");
      List<String> stats = new ArrayList<>();
      for (JsonNode stat : Schemas.read("schema", schema.out()).get("stats")) {
        stats.add(stat.get("object").asString() + " " + stat.get("name").asString());
      }
      assertThat(stats)
          .containsExactlyInAnyOrder(
              "vm flushes", "vm most", "vm exits", "vcpu wait_hist", "vcpu exits", "vcpu blocking");
      assertThat(schema.err()).contains("publisher's own").contains("flushes, most, exits");
    }
  }

  @Test
  void tenThousandAreTooManyOfOneAndHarmNoOther() throws Exception {
    try (Publisher good = Publisher.java("good");
        Publisher hostile = Publisher.hostile("many")) {
      JsonNode vm = listed(hostile);
      assertThat(vm.get("vcpu_count").asInt()).isEqualTo(10_000);
      assertThat(vm.get("why_not_better").asString())
          .isEqualTo("the process publishes 10000 VMs and vCPUs: no more than 8192 are read");
      assertThat(values(good)).containsEntry("vcpu0 exits", "100");
      App.Result watch = App.run("watch", "-n", "2", "-i", "0.1", "--format", "json");
      JsonNode last = Schemas.readLines("watch", watch.out()).getLast();
      JsonNode theGood =
          last.get("vms")
              .valueStream()
              .filter(found -> found.get("pid").asString().equals(good.pid()))
              .findFirst()
              .orElseThrow();
      assertThat(theGood.get("objects").size()).isEqualTo(3);
    }
  }
}
