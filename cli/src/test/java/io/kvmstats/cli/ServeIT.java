package io.kvmstats.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.kvmstats.guest.GuestProcess;
import io.kvmstats.guest.Life;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code serve} over real guests, for clients of every kind. */
class ServeIT {
  private static final int FLOOD = 10_000;
  private static final String EXITS = "kvm_vcpu_exits_total{vcpu=\"0\",vm=\"%s\"}";

  @TempDir private Path folder;
  private final List<AutoCloseable> guests = new ArrayList<>();

  @BeforeEach
  void needsKvm() {
    App.assumeKvm();
  }

  @AfterEach
  void end() throws Exception {
    for (AutoCloseable guest : guests) {
      guest.close();
    }
  }

  private GuestProcess guest(String name) throws Exception {
    GuestProcess guest = GuestProcess.start(name, List.of(Life.HALT));
    guests.add(guest);
    return guest.awaitRunning();
  }

  private static String exits(String vm) {
    return EXITS.formatted(vm);
  }

  @Test
  void vmsComeStandStillAndGoBetweenScrapes() throws Exception {
    guest("stays");
    GuestProcess stops = guest("stops");
    try (Served served = Served.start(folder, "--broker", "none", "--interval", "0.2")) {
      assertThat(served.get("/-/ready").statusCode()).isEqualTo(200);
      double before = served.value(exits("stays")).orElseThrow();
      assertThat(App.eventually(() -> served.value(exits("stays")).orElseThrow() > before))
          .isTrue();
      signal("STOP", stops.pid());
      Optional<Double> still = served.value(exits("stops"));
      assertThat(still).as("what is stopped can be read").isPresent();
      guest("comes");
      assertThat(App.eventually(() -> served.value(exits("comes")).isPresent())).isTrue();
      signal("CONT", stops.pid());
      stops.kill();
      assertThat(App.eventually(() -> !served.metrics().contains("\"stops\""))).isTrue();
      assertThat(served.value("kvm_up")).contains(1.0);
      assertThat(served.value("kvm_vm_up{vm=\"stays\"}")).contains(1.0);
    }
  }

  private static void signal(String signal, long pid) throws Exception {
    new ProcessBuilder("kill", "-" + signal, Long.toString(pid)).start().waitFor();
  }

  /** It is in nobody's way in any format, and shows up as what it is. */
  @Test
  void aHostileNameIsAName() throws Exception {
    guest("\"}\n# EOF");
    try (Served served = Served.start(folder, "--broker", "none")) {
      assertThat(served.value(exits("\\\"}\\\\u000a# EOF"))).isPresent();
      String open =
          served.get("/metrics", "Accept", "application/openmetrics-text;version=1.0.0").body();
      assertThat(open.lines().filter(line -> line.equals("# EOF"))).hasSize(1);
      assertThat(open).endsWith("# EOF\n");
    }
  }

  @Test
  void aBrokerThatEndsAndReturnsIsSaidOnce() throws Exception {
    guest("brokered-serve");
    Path socket = folder.resolve("socket");
    Process broker = broker(socket);
    try (Served served = Served.start(folder, "--broker", socket.toString(), "--interval", "0.2")) {
      String series = exits("brokered-serve");
      assertThat(App.eventually(() -> served.value(series).isPresent())).isTrue();
      broker.destroyForcibly().waitFor();
      assertThat(App.eventually(() -> served.value("kvm_up").equals(Optional.of(0.0)))).isTrue();
      assertThat(served.value(series)).as("what is not known is absent").isEmpty();
      HttpResponse<String> ready = served.get("/-/ready");
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(served.get("/-/healthy").statusCode()).isEqualTo(200);
      broker = broker(socket);
      assertThat(App.eventually(() -> served.value(series).isPresent())).isTrue();
      assertThat(served.value("kvm_up")).contains(1.0);
      assertThat(served.log().lines().filter(line -> line.contains("the broker has ended")))
          .hasSizeBetween(1, 2); // That it ended, and that none is there.
      assertThat(served.log()).contains("VMs can be read again");
    } finally {
      broker.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
  }

  /** Those who scrape are told, and before they give up. */
  @Test
  void aBrokerThatStandsStillIsSaidToAll() throws Exception {
    guest("stood-still");
    Path socket = folder.resolve("socket");
    Process broker = broker(socket);
    try (Served served = Served.start(folder, "--broker", socket.toString());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      assertThat(App.eventually(() -> served.value(exits("stood-still")).isPresent())).isTrue();
      signal("STOP", broker.pid());
      assertThat(App.eventually(() -> served.value("kvm_up").equals(Optional.of(0.0)))).isTrue();
      List<Callable<Optional<Double>>> scrapes = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        scrapes.add(() -> served.value("kvm_up"));
      }
      long start = System.nanoTime();
      for (var scrape : threads.invokeAll(scrapes)) {
        assertThat(scrape.get()).contains(0.0);
      }
      // One wait for the broker, not eight: it is given up after two seconds and some.
      assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(10));
      signal("CONT", broker.pid());
      assertThat(App.eventually(() -> served.value(exits("stood-still")).isPresent())).isTrue();
    } finally {
      broker.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
  }

  private static Process broker(Path socket) throws Exception {
    Files.deleteIfExists(socket);
    Process broker =
        new ProcessBuilder(App.command("broker", "--listen", socket.toString(), "-i", "0.2"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(App.eventually(() -> Files.exists(socket))).isTrue();
    return broker;
  }

  /** Connections that say nothing, as many as a host lets one have. */
  @Test
  void tenThousandSilentConnectionsHoldUpNobody() throws Exception {
    App.assumeCommand("python3");
    guest("flooded");
    // As a user may set it: ten seconds are long for a test.
    Map<String, String> sooner =
        Map.of(
            "JAVA_TOOL_OPTIONS",
            "-Dsun.net.httpserver.idleInterval=3 -Dsun.net.httpserver.clockTick=500");
    try (Served served = Served.start(folder, sooner, "--broker", "none")) {
      assertThat(served.value(exits("flooded"))).isPresent();
      String flood =
          """
          import resource, socket, sys
          hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
          resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
          held = []
          for _ in range(int(sys.argv[2])):
              held.append(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
          print(len(held), flush=True)
          sys.stdin.read()
          """;
      Process client =
          new ProcessBuilder(
                  "python3", "-c", flood, Integer.toString(served.port()), Integer.toString(FLOOD))
              .redirectErrorStream(true)
              .start();
      try {
        assertThat(client.inputReader().readLine()).isEqualTo(Integer.toString(FLOOD));
        long held = connections(served);
        assertThat(held).isGreaterThan(FLOOD / 2);
        assertThat(served.value(exits("flooded"))).isPresent();
        assertThat(App.eventually(() -> connections(served) < 100)).as("let go").isTrue();
        assertThat(served.value(exits("flooded"))).isPresent();
      } finally {
        client.destroyForcibly().waitFor();
      }
      assertThat(served.log()).doesNotContain("level=warn");
    }
  }

  private static long connections(Served served) throws Exception {
    try (var descriptors = Files.list(Path.of("/proc/" + served.pid() + "/fd"))) {
      return descriptors.count();
    }
  }

  @Test
  void aFullDiskUnderTheLogStopsNothing() throws Exception {
    guest("logged");
    App.run("--version"); // The first start after a build has something to say.
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    String address = "127.0.0.1:" + port;
    Process process =
        new ProcessBuilder(
                "sh",
                "-c",
                "exec \"$@\" 2>/dev/full",
                "sh",
                App.HOME.resolve("kvmstats").toString(),
                "serve",
                "--broker",
                "none",
                "--web.listen-address",
                address)
            .start();
    try {
      assertThat(
              App.eventually(() ->
                  App.run(List.of("python3", "-c", FETCH, "http://" + address + "/metrics"))
                      .out()
                      .contains("vm=\"logged\"")))
          .isTrue();
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static final String FETCH =
      "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())";

  @Test
  void dryRunSaysWhatThereWouldBe() throws Exception {
    guest("dry");
    String[] few = {"serve", "--broker", "none", "--dry-run", "--allow", "kvm_vcpu_ex*,kvm_up"};
    App.Result counted = App.run(few);
    assertThat(counted.exit()).as(counted.err()).isZero();
    assertThat(counted.out())
        .matches("(?s)METRIC +SERIES\n.*kvm_vcpu_exits_total +[0-9]+\n.*TOTAL +[0-9]+\n")
        .contains("kvm_up ")
        .doesNotContain("kvm_vm_info");
  }

  @Test
  void whatIsServedIsPushedToo() throws Exception {
    guest("pushed");
    BlockingQueue<String> received = new LinkedBlockingQueue<>();
    HttpServer collector =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          received.add(
              exchange.getRequestURI() + " " + new String(body, StandardCharsets.ISO_8859_1));
          exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
          exchange.sendResponseHeaders(200, -1);
        });
    collector.start();
    String endpoint = "http://127.0.0.1:" + collector.getAddress().getPort();
    try (Served served =
        Served.start(
            folder, "--broker", "none", "--otlp.endpoint", endpoint, "--otlp.interval", "3600")) {
      assertThat(received.poll(20, TimeUnit.SECONDS)).isNotNull();
      assertThat(received).isEmpty();
      signal("TERM", served.pid());
      assertThat(received.poll(20, TimeUnit.SECONDS)).as("the last one").contains("pushed");
    }
    try (Served served =
        Served.start(
            folder, "--broker", "none", "--otlp.endpoint", endpoint, "--otlp.interval", "0.5")) {
      for (int i = 0; i < 3; i++) {
        assertThat(received.poll(20, TimeUnit.SECONDS))
            .startsWith("/v1/metrics ")
            .contains("kvm.vcpu.exits", "kvm.vcpu.halt_wait", "pushed");
      }
      assertThat(served.value(exits("pushed"))).isPresent();
      collector.stop(0);
      assertThat(App.eventually(() -> served.log().contains("level=warn"))).isTrue();
      assertThat(served.log()).contains(endpoint);
      assertThat(served.value(exits("pushed"))).isPresent();
    } finally {
      collector.stop(0);
    }
    App.Result wrong = App.run("serve", "--broker", "none", "--otlp.endpoint", "ftp://x");
    assertThat(wrong.exit()).isEqualTo(2);
    assertThat(wrong.err()).contains("an OTLP endpoint is http://HOST:PORT/PATH");
  }

  @Test
  void whoHasNoPasswordGetsNothing() throws Exception {
    Path config = folder.resolve("web.yml");
    // Of "secret", by Python's crypt.
    Files.writeString(
        config,
        "basic_auth_users: {p: $2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW}");
    try (Served served =
        Served.start(folder, "--broker", "none", "--web.config.file", config.toString())) {
      for (String path : List.of("/metrics", "/", "/-/healthy", "/none")) {
        assertThat(served.get(path).statusCode()).isEqualTo(401);
        assertThat(served.get(path, "Authorization", "Basic cDpzZWNyZXR6").statusCode())
            .isEqualTo(401);
      }
      HttpResponse<String> right = served.get("/metrics", "Authorization", "Basic cDpzZWNyZXQ=");
      assertThat(right.statusCode()).isEqualTo(200);
      assertThat(right.body()).contains("kvm_up 1");
    }
  }
}
