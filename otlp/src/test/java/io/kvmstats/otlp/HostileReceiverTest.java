package io.kvmstats.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.kvmstats.collect.VmmView;
import io.kvmstats.core.model.Schema;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsPartialSuccess;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Receivers that hang, lie, send us away or talk without end: bytes on a socket. */
@Timeout(60)
class HostileReceiverTest {
  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final String NOTHING = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

  private static final List<VmmView> VMS =
      List.of(
          Fakes.vmm(
              Fakes.KEY,
              "a",
              Fakes.vcpu(0, Fakes.sample(new Schema(List.of(Fakes.counter("exits", 0))), 0, 42))));

  private final List<OtlpPush> pushes = new ArrayList<>();
  private final BlockingQueue<String> troubles = new LinkedBlockingQueue<>();

  /** What a receiver does with a connection, after it has read a request. */
  private interface Manners {
    void answer(OutputStream out, Socket connection) throws IOException, InterruptedException;
  }

  /** A request as it came. */
  private record Request(String head, byte[] body) {}

  /** A receiver; each connection has a thread. */
  private static final class Receiver implements AutoCloseable {
    final ServerSocket socket;
    final BlockingQueue<Request> requests = new ArrayBlockingQueue<>(1000);
    final CountDownLatch closed = new CountDownLatch(1);
    final Manners manners;

    Receiver(Manners manners) throws IOException {
      this(manners, new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    }

    Receiver(Manners manners, ServerSocket socket) {
      this.manners = manners;
      this.socket = socket;
      Thread.ofVirtual().start(this::accept);
    }

    private void accept() {
      while (true) {
        Socket connection;
        try {
          connection = socket.accept();
        } catch (IOException e) {
          return; // Closed by the test.
        }
        Thread.ofVirtual().start(() -> serve(connection));
      }
    }

    private void serve(Socket connection) {
      try (connection) {
        while (true) {
          Request request = read(connection.getInputStream());
          if (request == null) {
            return;
          }
          requests.add(request);
          manners.answer(connection.getOutputStream(), connection);
          connection.getOutputStream().flush();
        }
      } catch (SSLException | SocketException e) {
        closed.countDown(); // We were left.
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    private static Request read(InputStream in) throws IOException {
      ByteArrayOutputStream head = new ByteArrayOutputStream();
      while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
        int next = in.read();
        if (next < 0) {
          return null;
        }
        head.write(next);
      }
      String text = head.toString(StandardCharsets.ISO_8859_1);
      String length = text.replaceAll("(?is).*content-length: *(\\d+).*", "$1");
      return new Request(text, in.readNBytes(Integer.parseInt(length)));
    }

    URI uri() {
      return URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/v1/metrics?key=s3cret");
    }

    Request next() throws InterruptedException {
      Request request = requests.poll(30, TimeUnit.SECONDS);
      assertThat(request).as("a request").isNotNull();
      return request;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private OtlpPush push(URI uri, Duration interval, Duration timeout) {
    OtlpPush push =
        new OtlpPush(
            new Target(uri, Map.of("X-Key", "s3cret"), interval, timeout, true),
            () -> VMS,
            "1.2",
            troubles::add,
            Fakes.export());
    pushes.add(push);
    push.start();
    return push;
  }

  @AfterEach
  void end() {
    pushes.forEach(OtlpPush::close);
  }

  private static long openFds() throws IOException {
    try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
      return fds.count();
    }
  }

  private String trouble() throws InterruptedException {
    String trouble = troubles.poll(30, TimeUnit.SECONDS);
    assertThat(trouble).as("a trouble").isNotNull().contains("127.0.0.1").doesNotContain("s3cret");
    return trouble;
  }

  private static Manners says(String answer) {
    return (out, _) -> out.write(answer.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static Manners says(String status, byte[] body) {
    return (out, _) -> {
      String head =
          "HTTP/1.1 %s\r\nContent-Type: application/x-protobuf\r\nContent-Length: %d\r\n\r\n"
              .formatted(status, body.length);
      out.write(head.getBytes(StandardCharsets.ISO_8859_1));
      out.write(body);
    };
  }

  @Test
  void aReceiverGetsARequestAtEachIntervalAndTheLastOneAtTheEnd() throws Exception {
    try (Receiver receiver = new Receiver(says(NOTHING))) {
      OtlpPush push = push(receiver.uri(), SHORT, LONG);
      for (int i = 0; i < 3; i++) {
        Request request = receiver.next();
        assertThat(request.head)
            .startsWith("POST /v1/metrics?key=s3cret HTTP/1.1\r\n")
            .containsIgnoringCase("\r\nContent-Type: application/x-protobuf\r\n")
            .containsIgnoringCase("\r\nContent-Encoding: gzip\r\n")
            .containsIgnoringCase("\r\nUser-Agent: kvmstats/1.2\r\n")
            .containsIgnoringCase("\r\nX-Key: s3cret\r\n");
        byte[] body =
            new GZIPInputStream(ByteString.copyFrom(request.body).newInput()).readAllBytes();
        assertThat(
                Fakes.metrics(Fakes.parse(body).getResourceMetrics(0))
                    .getFirst()
                    .getSum()
                    .getDataPoints(0)
                    .getAsInt())
            .isEqualTo(42);
      }
      push.close();
      assertThat(troubles).isEmpty();
    }
    try (Receiver receiver = new Receiver(says(NOTHING))) {
      OtlpPush push = push(receiver.uri(), LONG, LONG);
      receiver.next();
      assertThat(receiver.requests).isEmpty();
      push.close();
      assertThat(receiver.requests).hasSize(1);
    }
  }

  @Test
  void oneThatHangsIsLeft() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (Receiver receiver = new Receiver((_, _) -> over.await())) {
      push(receiver.uri(), LONG, Duration.ofMillis(200));
      receiver.next();
      assertThat(trouble()).endsWith("no answer in time");
      receiver.next(); // And tried again.
    } finally {
      over.countDown();
    }
  }

  @Test
  void oneThatDoesNotEvenAcceptIsLeft() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      push(URI.create("http://127.0.0.1:" + silent.getLocalPort()), LONG, Duration.ofMillis(200));
      assertThat(trouble()).endsWith("no answer in time");
    }
  }

  @Test
  void oneThatIsNotThereIsTriedAgain() throws Exception {
    URI gone;
    try (ServerSocket closed = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      gone = URI.create("http://127.0.0.1:" + closed.getLocalPort());
    }
    long before = openFds();
    CountDownLatch reads = new CountDownLatch(200);
    OtlpPush push =
        new OtlpPush(
            new Target(gone, Map.of(), Duration.ofMillis(1), LONG, false),
            () -> {
              reads.countDown();
              return VMS;
            },
            "1",
            troubles::add,
            Fakes.export());
    pushes.add(push);
    push.start();
    assertThat(trouble()).contains("ConnectException");
    reads.await();
    assertThat(openFds()).isLessThan(before + 20);
    assertThat(troubles).isNotEmpty().allMatch(trouble -> trouble.contains("ConnectException"));
  }

  @Test
  void theEndDoesNotWaitForOneThatHangs() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (Receiver receiver = new Receiver((_, _) -> over.await())) {
      OtlpPush push = push(receiver.uri(), LONG, LONG);
      receiver.next();
      long start = System.nanoTime();
      push.close();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
      assertThat(receiver.requests).hasSize(1); // The last try.
    } finally {
      over.countDown();
    }
  }

  @Test
  void theEndDoesNotWaitForWhoReads() throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    OtlpPush push =
        new OtlpPush(
            new Target(URI.create("http://127.0.0.1:1"), Map.of(), LONG, LONG, false),
            () -> {
              reading.countDown();
              try {
                over.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              return List.of();
            },
            "1",
            troubles::add,
            Fakes.export());
    push.start();
    reading.await();
    long start = System.nanoTime();
    push.close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
    over.countDown();
  }

  @Test
  void anAnswerWithoutEndIsLeft() throws Exception {
    byte[] much = new byte[1 << 16];
    for (String head :
        List.of(
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 503 No\r\nContent-Length: 9999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: ")) {
      try (Receiver receiver =
          new Receiver((out, _) -> {
            out.write(head.getBytes(StandardCharsets.ISO_8859_1));
            while (true) {
              out.write(much);
            }
          })) {
        push(receiver.uri(), LONG, Duration.ofSeconds(20));
        assertThat(trouble()).contains("Exception").doesNotContain("in time");
        assertThat(receiver.closed.await(30, TimeUnit.SECONDS)).as(head).isTrue();
      }
    }
  }

  @Test
  void anAnswerThatDripsIsLeft() throws Exception {
    try (Receiver receiver =
        new Receiver((out, _) -> {
          out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
          while (true) {
            out.write('x');
            out.flush();
            Thread.sleep(20); // It is that slow.
          }
        })) {
      push(receiver.uri(), LONG, Duration.ofMillis(300));
      assertThat(trouble()).endsWith("no answer in time");
      assertThat(receiver.closed.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void garbageAndAClosedConnectionAreTriedAgain() throws Exception {
    for (Manners manners : List.<Manners>of(says("\0\1\2 what\r\n\r\n"), (_, it) -> it.close())) {
      try (Receiver receiver = new Receiver(manners)) {
        push(receiver.uri(), LONG, Duration.ofSeconds(20));
        assertThat(trouble()).contains("Exception");
        receiver.next();
        receiver.next();
      }
    }
  }

  @Test
  void itIsTriedAgainWhenTheReceiverSaysSo() throws Exception {
    AtomicInteger tries = new AtomicInteger();
    try (Receiver receiver =
        new Receiver((out, it) ->
            says(tries.incrementAndGet() == 1
                    ? "HTTP/1.1 503 No\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n"
                    : NOTHING)
                .answer(out, it))) {
      push(receiver.uri(), LONG, LONG);
      receiver.next();
      long start = System.nanoTime();
      receiver.next();
      // The first wait of our own is at most one second.
      assertThat(System.nanoTime() - start).isGreaterThan(1_800_000_000L);
      assertThat(trouble()).endsWith("the answer is 503");
    }
  }

  @Test
  void oneThatWantsToBeLeftAloneIsLeftAlone() throws Exception {
    try (Receiver receiver =
        new Receiver(
            says("HTTP/1.1 429 No\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n\r\n"))) {
      OtlpPush push = push(receiver.uri(), Duration.ofMillis(1), LONG);
      assertThat(trouble()).endsWith("the answer is 429");
      push.close(); // Not even a last try.
      assertThat(receiver.requests).hasSize(1);
    }
  }

  @Test
  void whatIsRefusedIsDroppedAndTheReasonIsSaid() throws Exception {
    byte[] status = ByteString.copyFromUtf8("\u0008\u0003\u0012\u0006no\u001b[2m").toByteArray();
    try (Receiver receiver = new Receiver(says("400 Bad Request", status))) {
      push(receiver.uri(), SHORT, LONG);
      assertThat(trouble()).endsWith("the answer is 400: no\\u001b[2m: what was sent is dropped");
      receiver.next();
      assertThat(trouble()).contains("400"); // How often is for who writes the log.
    }
  }

  @Test
  void noRedirectionIsFollowed() throws Exception {
    try (Receiver elsewhere = new Receiver(says(NOTHING));
        Receiver receiver =
            new Receiver(
                says(
                    "HTTP/1.1 307 There\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
                        .formatted(elsewhere.uri())))) {
      push(receiver.uri(), SHORT, LONG);
      assertThat(trouble()).contains("the answer is 307, and no redirection is followed");
      receiver.next();
      receiver.next();
      assertThat(elsewhere.requests).isEmpty();
    }
  }

  @Test
  void whatWasNotTakenOfARequestIsSaid() throws Exception {
    byte[] partial =
        ExportMetricsServiceResponse.newBuilder()
            .setPartialSuccess(
                ExportMetricsPartialSuccess.newBuilder()
                    .setRejectedDataPoints(7)
                    .setErrorMessage("too old"))
            .build()
            .toByteArray();
    try (Receiver receiver = new Receiver(says("200 OK", partial))) {
      push(receiver.uri(), SHORT, LONG);
      assertThat(trouble()).endsWith("some points were not taken: too old");
    }
  }

  @Test
  void aCertificateThatNobodyVouchesForIsNotEnough(@TempDir Path folder) throws Exception {
    Path keys = folder.resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                "a",
                "-dname",
                "CN=a",
                "-ext",
                "SAN=ip:127.0.0.1",
                "-storepass",
                "changeit",
                "-keystore",
                keys.toString())
            .inheritIO()
            .start();
    assertThat(keytool.waitFor()).isZero();
    SSLContext tls = tls(KeyStore.getInstance(keys.toFile(), "changeit".toCharArray()));
    SSLSocketFactory usual = HttpsURLConnection.getDefaultSSLSocketFactory();
    try (Receiver receiver =
        new Receiver(
            says(NOTHING),
            tls.getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress()))) {
      String endpoint = "https://%s:" + receiver.socket.getLocalPort();
      push(URI.create(endpoint.formatted("127.0.0.1")), SHORT, LONG);
      assertThat(trouble()).contains("SSLHandshakeException");
      assertThat(receiver.requests).isEmpty();

      HttpsURLConnection.setDefaultSSLSocketFactory(tls.getSocketFactory());
      receiver.next(); // Now somebody does.
      pushes.forEach(OtlpPush::close);
      receiver.requests.clear();
      OtlpPush another = push(URI.create(endpoint.formatted("localhost")), SHORT, LONG);
      assertThat(troubles.poll(30, TimeUnit.SECONDS)).contains("SSLHandshakeException");
      another.close();
      assertThat(receiver.requests).isEmpty(); // For another host.
    } finally {
      HttpsURLConnection.setDefaultSSLSocketFactory(usual);
    }
  }

  /** {@return what shows those certificates, and trusts them} */
  private static SSLContext tls(KeyStore keys) throws Exception {
    var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, "changeit".toCharArray());
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(keys);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(managers.getKeyManagers(), trust.getTrustManagers(), null);
    return tls;
  }

  /** All that a receiver that is away costs is the request at hand. */
  @Test
  void nothingIsKeptForAReceiverThatIsAway() throws Exception {
    AtomicInteger tries = new AtomicInteger();
    AtomicInteger reads = new AtomicInteger();
    try (Receiver receiver =
            new Receiver((out, it) ->
                says(tries.incrementAndGet() <= 20
                        ? "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
                        : NOTHING)
                    .answer(out, it));
        OtlpPush push =
            new OtlpPush(
                new Target(receiver.uri(), Map.of(), SHORT, LONG, false),
                () -> {
                  long exits = reads.incrementAndGet();
                  return List.of(
                      Fakes.vmm(
                          Fakes.KEY,
                          "a",
                          Fakes.vcpu(
                              0,
                              Fakes.sample(
                                  new Schema(List.of(Fakes.counter("exits", 0))), 0, exits))));
                },
                "1",
                troubles::add,
                Fakes.export())) {
      push.start();
      for (int i = 1; i <= 25; i++) {
        // One request for each read, of what was read last.
        var metrics = Fakes.metrics(Fakes.parse(receiver.next().body).getResourceMetrics(0));
        assertThat(metrics.getFirst().getSum().getDataPoints(0).getAsInt()).isEqualTo(i);
      }
    }
  }

  @Test
  void whatCantBeReadIsSaidAndTriedAgain() throws Exception {
    AtomicInteger reads = new AtomicInteger();
    try (Receiver receiver = new Receiver(says(NOTHING));
        OtlpPush push =
            new OtlpPush(
                new Target(receiver.uri(), Map.of(), SHORT, LONG, false),
                () -> {
                  switch (reads.incrementAndGet()) {
                    case 1 -> throw new UncheckedIOException(new IOException("the broker is gone"));
                    case 2 -> throw new IllegalStateException("a bug");
                    default -> {
                      return VMS;
                    }
                  }
                },
                "1",
                troubles::add,
                Fakes.export())) {
      push.start();
      assertThat(trouble()).contains("nothing can be read", "the broker is gone");
      assertThat(trouble()).contains("a mistake of kvmstats", "a bug");
      receiver.next();
    }
  }
}
