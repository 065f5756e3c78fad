package io.kvmstats.web;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages, for clients of every kind. */
class WebServerTest {
  private static final int BIG = 32 << 20;
  private static final int DESCRIPTORS = 4096;
  private static final int READ_MILLIS = 20_000;

  static {
    // What a user has set counts: these tests are not to wait for ten seconds at a time.
    System.setProperty("sun.net.httpserver.maxReqTime", "1");
    System.setProperty("sun.net.httpserver.maxRspTime", "1");
    System.setProperty("sun.net.httpserver.idleInterval", "1");
    System.setProperty("sun.net.httpserver.timerMillis", "100");
    System.setProperty("sun.net.httpserver.clockTick", "100");
  }

  private final List<String> troubles = new CopyOnWriteArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private WebServer server;

  @BeforeEach
  void start() throws IOException {
    Map<String, Page> pages =
        Map.of(
            "/metrics", request -> Answer.text(200, "for " + request.accept()),
            "/big", _ -> new Answer(200, "text/plain", new byte[BIG], Answer.PLAIN),
            "/packed", _ -> new Answer(200, "x/y", packed("what is packed"), 14),
            "/bug",
                _ -> {
                  throw new IllegalStateException("a bug");
                });
    server =
        new WebServer(
            List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
            WebConfig.NONE,
            pages,
            DESCRIPTORS,
            troubles::add);
    server.start();
  }

  @AfterEach
  void end() {
    client.close();
    server.close();
  }

  private static byte[] packed(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private InetSocketAddress address() {
    return server.addresses().getFirst();
  }

  private HttpResponse<String> ask(String method, String path, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + address().getPort() + path))
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private void assertOthersAreServed() throws Exception {
    assertThat(ask("GET", "/metrics").statusCode()).isEqualTo(200);
  }

  private Socket connect(String sent) throws IOException {
    Socket socket = new Socket(address().getAddress(), address().getPort());
    socket.setSoTimeout(READ_MILLIS);
    socket.getOutputStream().write(sent.getBytes(US_ASCII));
    return socket;
  }

  @Test
  void pagesAreRead() throws Exception {
    HttpResponse<String> got =
        ask("GET", "/metrics?name[]=x".replace("[]", "%5B%5D"), "Accept", "text/plain");
    assertThat(got.statusCode()).isEqualTo(200);
    assertThat(got.body()).isEqualTo("for text/plain\n");
    assertThat(got.headers().firstValue("Content-Type")).contains("text/plain; charset=utf-8");
    HttpResponse<String> head = ask("HEAD", "/metrics");
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValueAsLong("Content-Length")).hasValue("for \n".length());
    HttpResponse<String> packed = ask("GET", "/packed", "Accept-Encoding", "gzip");
    assertThat(packed.headers().map()).containsEntry("content-encoding", List.of("gzip"));
    assertThat(packed.body()).doesNotContain("packed");
    HttpResponse<String> unpacked = ask("GET", "/packed");
    assertThat(unpacked.headers().map()).doesNotContainKey("content-encoding");
    assertThat(unpacked.headers().firstValueAsLong("Content-Length")).hasValue(14);
    assertThat(unpacked.body()).isEqualTo("what is packed");
    assertThat(ask("HEAD", "/packed").headers().firstValueAsLong("Content-Length")).hasValue(14);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/metrics/", "/metrics/..%2f..", "/../../etc/passwd", "//metrics", "/%00"})
  void nothingElseIsThere(String path) throws Exception {
    try (Socket socket = connect("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")) {
      byte[] line = socket.getInputStream().readNBytes("HTTP/1.1 404".length());
      assertThat(new String(line, US_ASCII)).isIn("HTTP/1.1 404", "HTTP/1.1 400");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "TRACK"})
  void nothingIsWritten(String method) throws Exception {
    assertThat(ask(method, "/metrics").statusCode()).isEqualTo(405);
  }

  @Test
  void aMistakeOfOursIsSaid() throws Exception {
    assertThat(ask("GET", "/bug").statusCode()).isEqualTo(500);
    assertThat(troubles).singleElement().asString().contains("/bug").contains("a bug");
    assertOthersAreServed();
  }

  /** Slow-loris: a request that never ends. */
  @Test
  void whoSendsSlowlyIsCutOffAndHoldsUpNobody() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 100; i++) {
        slow.add(connect("GET /metrics HTTP/1.1\r\nX: "));
      }
      assertOthersAreServed();
      for (Socket socket : slow) {
        assertThat(readToTheEnd(socket)).isLessThan(1000);
      }
      assertOthersAreServed();
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
    assertThat(troubles).isEmpty();
  }

  /** Of five large answers one alone is kept in memory for who does not take it. */
  @Test
  void whoReadsNothingIsCutOffAndHoldsUpNobody() throws Exception {
    List<Socket> deaf = new ArrayList<>();
    try {
      for (int i = 0; i < 5; i++) {
        deaf.add(connect("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
      }
      assertOthersAreServed();
      Thread.sleep(2000); // Time itself is what is tested: the limit is one second.
      List<Long> taken = new ArrayList<>();
      for (Socket socket : deaf) {
        taken.add(readToTheEnd(socket));
      }
      assertThat(taken).allMatch(bytes -> bytes < BIG);
      assertThat(taken).filteredOn(bytes -> bytes > 1000).as("the others are told").hasSize(1);
      assertThat(ask("GET", "/big").body()).as("what was kept is let go").hasSize(BIG);
    } finally {
      for (Socket socket : deaf) {
        socket.close();
      }
    }
    assertThat(troubles).isEmpty();
  }

  /** {@return how many bytes came before the other side ended it} */
  private static long readToTheEnd(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    byte[] buffer = new byte[1 << 16];
    long all = 0;
    try {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        all += n;
      }
    } catch (SocketException e) {
      assertThat(e).hasMessageContaining("reset"); // As good as an end.
    }
    return all;
  }

  @Test
  void whoHasSaidAllGetsTheAnswer() throws Exception {
    try (Socket socket = connect("GET /metrics HTTP/1.0\r\n\r\n")) {
      socket.shutdownOutput();
      assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
          .startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void floodsOfHeadersEndTheirConnection() throws Exception {
    for (String flood :
        List.of(
            "GET /metrics HTTP/1.1\r\n" + "X: y\r\n".repeat(50_000),
            "GET /metrics HTTP/1.1\r\nX: " + "y".repeat(1 << 20),
            "GET /" + "y".repeat(1 << 20))) {
      try (Socket socket = connect("")) {
        assertThatThrownBy(
                () -> {
                  socket.getOutputStream().write(flood.getBytes(US_ASCII));
                  // It may all have gone into buffers before the end was noticed.
                  if (readToTheEnd(socket) < 1000) {
                    throw new SocketException("ended");
                  }
                })
            .isInstanceOf(SocketException.class);
      }
      assertOthersAreServed();
    }
  }

  @Test
  void anAddressThatIsTakenIsNamed() {
    assertThatThrownBy(() ->
            new WebServer(List.of(address()), WebConfig.NONE, Map.of(), DESCRIPTORS, troubles::add))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("can't listen at 127.0.0.1:" + address().getPort());
  }
}
