package io.kvmstats.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvmstats.collect.Collector;
import io.kvmstats.collect.ObjectView;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.catalog.CatalogEntry.Scope;
import io.kvmstats.core.model.Descriptor;
import io.kvmstats.core.model.Sample;
import io.kvmstats.core.model.StatType;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real VM's statistics, in a receiver that isn't ours and shares no line with us. */
@Timeout(300)
class OtherReceiverTest {
  private static final Path SOURCES = Path.of("src/test/receiver");
  private static final Path FOLDER = Path.of("target/receiver");

  /**
   * Not our own descriptors: node makes those that it is given not block, for all who have them.
   */
  private static final File LOG = FOLDER.resolve("log").toFile();

  private static final JsonMapper JSON = new JsonMapper();

  private final BlockingQueue<String> troubles = new LinkedBlockingQueue<>();

  @BeforeEach
  void assumeKvmAndNode() throws IOException {
    Path device = Path.of("/dev/kvm");
    assumeTrue(
        Files.isReadable(device) && Files.isWritable(device),
        "needs /dev/kvm, and permission to read and write it");
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the guests' code is for x86");
    for (String program : List.of("node", "npm")) {
      assumeTrue(
          List.of(System.getenv("PATH").split(":", -1)).stream()
              .anyMatch(folder -> Files.isExecutable(Path.of(folder, program))),
          "the receiver needs " + program);
    }
  }

  /** Installs it, where that has not been done. */
  private static Process receiver() throws IOException, InterruptedException {
    Files.createDirectories(FOLDER);
    for (String file : List.of("package.json", "package-lock.json", "receiver.js")) {
      Files.copy(SOURCES.resolve(file), FOLDER.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    if (!Files.exists(FOLDER.resolve("node_modules/.package-lock.json"))) {
      Process npm =
          new ProcessBuilder("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
              .directory(FOLDER.toFile())
              .redirectErrorStream(true)
              .redirectOutput(LOG)
              .start();
      npm.getOutputStream().close();
      assertThat(npm.waitFor(200, TimeUnit.SECONDS)).as("npm ci ends").isTrue();
      assertThat(npm.exitValue()).as(Files.readString(LOG.toPath())).isZero();
    }
    return new ProcessBuilder("node", "receiver.js")
        .directory(FOLDER.toFile())
        .redirectError(LOG)
        .start();
  }

  @Test
  void hasTheNumbersThatWereRead() throws IOException, InterruptedException {
    Process receiver = receiver();
    try (BufferedReader out = receiver.inputReader();
        GuestProcess guest =
            GuestProcess.start("pushed \"}\n# ä", List.of(Life.HALT, Life.MMIO)).awaitRunning();
        Collector collector = new Collector(vmm -> vmm.pid() == guest.pid())) {
      URI endpoint = URI.create("http://127.0.0.1:" + out.readLine() + "/v1/metrics");
      collector.refresh();
      collector.sweep(); // Once, so that the numbers stand still.
      List<VmmView> vmms = collector.vmms();
      OtlpPush push =
          new OtlpPush(
              new Target(
                  endpoint, Map.of(), Target.DEFAULT_INTERVAL, Target.DEFAULT_TIMEOUT, false),
              () -> vmms,
              "1.2",
              troubles::add);
      push.start();
      JsonNode request = JSON.readTree(out.readLine());
      push.close();
      assertThat(troubles).isEmpty();

      JsonNode resource = request.at("/resourceMetrics/0");
      JsonNode attributes = resource.at("/resource/attributes");
      assertThat(attributes.path("kvm.vm.name").asString()).isEqualTo("pushed \"}\n# ä");
      assertThat(attributes.path("process.pid").asString()).isEqualTo("" + guest.pid());
      int points = 0;
      Map<String, JsonNode> metrics = new HashMap<>();
      resource
          .at("/scopeMetrics/0/metrics")
          .forEach(metric -> metrics.put(metric.path("name").asString(), metric));
      for (ObjectView object : vmms.getFirst().objects()) {
        Sample sample = object.read().orElseThrow().latest();
        for (Descriptor stat : sample.schema().descriptors()) {
          if (sample.has(stat)) {
            Scope scope = object.isVcpu() ? Scope.VCPU : Scope.VM;
            check(metrics.get(MetricIdentity.of(scope, stat).name()), stat, object, sample);
            points++;
          }
        }
      }
      assertThat(points).isGreaterThan(100);
    } finally {
      receiver.destroy();
    }
  }

  private static void check(JsonNode metric, Descriptor stat, ObjectView object, Sample sample) {
    assertThat(metric).as(stat.name()).isNotNull();
    String field =
        switch (stat.type()) {
          case CUMULATIVE -> "sum";
          case LOG_HISTOGRAM -> "exponentialHistogram";
          case LINEAR_HISTOGRAM -> "histogram";
          default -> "gauge";
        };
    JsonNode point = null;
    for (JsonNode each : metric.path(field).path("dataPoints")) {
      String vcpu = each.path("attributes").path("kvm.vcpu.id").asString();
      if (vcpu.equals(object.isVcpu() ? "" + object.vcpu() : "")) {
        point = each;
      }
    }
    assertThat(point).as(stat.name()).isNotNull();
    if (stat.type() == StatType.LOG_HISTOGRAM) {
      assertThat(point.path("zeroCount").asLong(0)).isEqualTo(sample.value(stat, 0));
      for (int i = 1; i < stat.size(); i++) {
        assertThat(point.at("/positive/bucketCounts/" + (i - 1)).asLong())
            .isEqualTo(sample.value(stat, i));
      }
    } else if (stat.exponent() != 0) {
      assertThat(point.path("asDouble").asDouble()).isEqualTo(sample.value(stat) / 1e9);
    } else {
      assertThat(point.path("asInt").asString()).isEqualTo("" + sample.value(stat));
    }
    if (stat.type().isCumulative()) {
      assertThat(point.path("startTimeUnixNano").asLong())
          .isBetween(1L, point.path("timeUnixNano").asLong());
    }
  }
}
