package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What Debian's Prometheus has of a real guest, by what it scraped from {@code serve}. */
class PrometheusIT {
  private static final String VM = "scraped";
  private static final String SELECTOR = "{vm=\"" + VM + "\",vcpu=\"0\"}";

  @TempDir private Path folder;
  private GuestProcess guest;

  @BeforeEach
  void start() throws Exception {
    App.assumeKvm();
    App.assumeCommand("prometheus");
    guest = GuestProcess.start(VM, List.of(Life.HALT)).awaitRunning();
  }

  @AfterEach
  void end() throws Exception {
    if (guest != null) {
      guest.close();
    }
  }

  private Served serve() throws Exception {
    return Served.start(folder, "--broker", "none", "--detail", "histograms", "--interval", "0.1");
  }

  private static JsonNode get() throws Exception {
    App.Result get = App.run("get", "--broker", "none", "--vm", VM, "--format", "json");
    assertThat(get.exit()).as(get.err()).isZero();
    for (JsonNode object : Schemas.read("get", get.out()).get("vms").get(0).get("objects")) {
      if (object.get("id").asString().endsWith("vcpu-0")) {
        return object;
      }
    }
    throw new AssertionError("no vCPU in " + get.out());
  }

  private static JsonNode stat(JsonNode object, String name) {
    for (JsonNode stat : object.get("stats")) {
      if (stat.get("name").asString().equals(name)) {
        return stat;
      }
    }
    throw new AssertionError("no " + name + " in " + object);
  }

  /**
   * What the guest had counted before the scrape, Prometheus has at least, and no more than after.
   */
  @Test
  void itsNumbersAreTheGuests() throws Exception {
    try (Served served = serve();
        Prometheus prometheus = Prometheus.start(folder, "127.0.0.1:" + served.port(), "")) {
      JsonNode before = get();
      double time = System.currentTimeMillis() / 1000.0;
      assertThat(
              App.eventually(() ->
                  prometheus
                      .value("timestamp(kvm_vcpu_exits_total" + SELECTOR + ") > " + time)
                      .isPresent()))
          .isTrue();
      double exits = prometheus.value("kvm_vcpu_exits_total" + SELECTOR).orElseThrow();
      double waited = prometheus.value("kvm_vcpu_halt_wait_seconds_total" + SELECTOR).orElseThrow();
      double ran =
          prometheus.value("kvm_vcpu_schedstat_run_seconds_total" + SELECTOR).orElseThrow();
      double halts =
          prometheus.value("kvm_vcpu_halt_wait_hist_seconds_count" + SELECTOR).orElseThrow();
      double classicBuckets =
          prometheus
              .value("count(kvm_vcpu_halt_wait_hist_seconds_bucket" + SELECTOR + ")")
              .orElseThrow();
      JsonNode after = get();
      assertThat(exits).isBetween(number(before, "exits", 1), number(after, "exits", 1));
      assertThat(waited)
          .isBetween(number(before, "halt_wait_ns", 1e-9), number(after, "halt_wait_ns", 1e-9));
      assertThat(ran)
          .isBetween(
              number(before, "schedstat.run_ns", 1e-9), number(after, "schedstat.run_ns", 1e-9));
      assertThat(halts).isBetween(samples(before), samples(after));
      assertThat(classicBuckets).isEqualTo(32);
      JsonNode metadata = prometheus.api("metadata?metric=kvm_vcpu_exits");
      assertThat(metadata.toString()).contains("\"type\":\"counter\"").contains("Exits: times");
      assertThat(prometheus.value("kvm_vm_up{vm=\"scraped\"}")).hasValue(1);
      assertThat(prometheus.query("kvm_vm_info{vm=\"scraped\"}").toString())
          .contains("\"pid\":\"" + guest.pid() + "\"");
      // Its end is one for Prometheus too: at the next scrape, not minutes later.
      guest.kill();
      assertThat(
              App.eventually(() -> prometheus.value("kvm_vcpu_exits_total" + SELECTOR).isEmpty()))
          .isTrue();
      assertThat(prometheus.value("up")).hasValue(1);
    }
  }

  private static double number(JsonNode object, String name, double scale) {
    return stat(object, name).get("value").asDouble() * scale;
  }

  private static double samples(JsonNode object) {
    double samples = 0;
    for (JsonNode bucket : stat(object, "halt_wait_hist").get("value")) {
      samples += bucket.asDouble();
    }
    return samples;
  }

  @Test
  void histogramsAreNativeForWhoAsks() throws Exception {
    Path passwords = folder.resolve("web.yml");
    // Of "secret", by Python's crypt.
    Files.writeString(
        passwords,
        "basic_auth_users: {p: $2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW}");
    try (Served served =
            Served.start(
                folder,
                "--broker",
                "none",
                "--detail",
                "histograms",
                "--web.config.file",
                passwords.toString());
        Prometheus prometheus =
            Prometheus.start(
                folder,
                "127.0.0.1:" + served.port(),
                "    basic_auth: {username: p, password: secret}\n",
                "--enable-feature=native-histograms")) {
      String histogram = "kvm_vcpu_halt_wait_hist_seconds" + SELECTOR;
      JsonNode before = get();
      double time = System.currentTimeMillis() / 1000.0;
      assertThat(
              App.eventually(
                  () -> prometheus.value("timestamp(" + histogram + ") > " + time).isPresent()))
          .isTrue();
      double count = prometheus.value("histogram_count(" + histogram + ")").orElseThrow();
      double sum = prometheus.value("histogram_sum(" + histogram + ")").orElseThrow();
      double median = prometheus.value("histogram_quantile(0.5, " + histogram + ")").orElseThrow();
      JsonNode after = get();
      assertThat(count).isBetween(samples(before), samples(after));
      assertThat(sum)
          .isBetween(number(before, "halt_wait_ns", 1e-9), number(after, "halt_wait_ns", 1e-9));
      // Whichever bucket it is in, that one is not empty; native ones are 7 % lower.
      List<Double> buckets = new ArrayList<>();
      stat(after, "halt_wait_hist").get("value").forEach(bucket -> buckets.add(bucket.asDouble()));
      int bucket = Math.max(0, Math.getExponent(median * 1e9 / 0.9314) + 1);
      assertThat(buckets.get(bucket)).as("%s in %s", median, buckets).isPositive();
    }
  }
}
