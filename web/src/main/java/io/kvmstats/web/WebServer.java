package io.kvmstats.web;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.SSLContext;

/**
 * Pages over HTTP or HTTPS.
 *
 * <p>Each request has a virtual thread, and whoever is slow holds up nobody: a request, and the
 * taking of an answer, have a limit of time, and connections that say nothing are closed. The
 * server is the JDK's, and so are the limits: properties that it reads once, at its first start in
 * a process (module jdk.httpserver).
 */
public final class WebServer implements AutoCloseable {
  /** For a whole request to arrive, and for a whole answer to be taken, in seconds. */
  private static final int PATIENCE_SECONDS = 10;

  /** How often it is looked who is late: what nobody asks is to cost next to nothing. */
  private static final int TIMER_MILLIS = 5000;

  /** Connections beyond this are closed as they come. */
  private static final int CONNECTIONS_MAX = 12_000;

  /** What is kept of descriptors for all else. */
  private static final int DESCRIPTORS_KEPT = 256;

  private static final int BACKLOG = 1024;

  /** Of answers that are being sent: those who read slowly are not to have all memory. */
  private static final long BYTES_IN_FLIGHT_MAX = 48L << 20;

  private static final int UNPACKING_BYTES = 8 << 10;

  private static final int OK = 200;
  private static final int UNAUTHORIZED = 401;
  private static final int NOT_FOUND = 404;
  private static final int METHOD_NOT_ALLOWED = 405;
  private static final int INTERNAL_ERROR = 500;
  private static final int UNAVAILABLE = 503;

  private final List<HttpServer> servers = new ArrayList<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, Page> pages;
  private final Passwords passwords;
  private final Consumer<String> trouble;
  private final InFlight inFlight = new InFlight(BYTES_IN_FLIGHT_MAX);

  /**
   * Listens, and answers from {@link #start} on.
   *
   * @param addresses where
   * @param config TLS and passwords
   * @param pages what is found at each path, which starts with a slash
   * @param descriptors how many this process may have: connections take most of them
   * @param trouble is told what goes wrong and is no client's fault, from any thread
   * @throws IOException when an address can't be had, or the certificate can't
   */
  public WebServer(
      List<InetSocketAddress> addresses,
      WebConfig config,
      Map<String, Page> pages,
      long descriptors,
      Consumer<String> trouble)
      throws IOException {
    this.pages = Map.copyOf(pages);
    this.passwords = new Passwords(config.users());
    this.trouble = trouble;
    limit(Math.clamp(descriptors - DESCRIPTORS_KEPT, 1, CONNECTIONS_MAX));
    Optional<SSLContext> tls =
        config.tls().isPresent()
            ? Optional.of(Certificates.context(config.tls().get(), trouble))
            : Optional.empty();
    try {
      for (InetSocketAddress address : addresses) {
        HttpServer server = listen(address, tls);
        servers.add(server);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /** Set before the JDK's server looks at them; what a user has set stays. */
  private static void limit(int connections) {
    Map<String, Integer> limits =
        Map.of(
            "sun.net.httpserver.maxReqTime", PATIENCE_SECONDS,
            "sun.net.httpserver.maxRspTime", PATIENCE_SECONDS,
            "sun.net.httpserver.idleInterval", PATIENCE_SECONDS,
            "sun.net.httpserver.timerMillis", TIMER_MILLIS,
            "sun.net.httpserver.maxReqHeaders", 100,
            "sun.net.httpserver.maxReqHeaderSize", 64 << 10,
            "jdk.httpserver.maxConnections", connections);
    limits.forEach((name, limit) -> System.getProperties().putIfAbsent(name, limit.toString()));
    // An answer's last packet is not to wait for the client's word about the one before.
    System.getProperties().putIfAbsent("sun.net.httpserver.nodelay", "true");
  }

  private static HttpServer listen(InetSocketAddress address, Optional<SSLContext> tls)
      throws IOException {
    if (address.isUnresolved()) {
      throw new IOException("there is no host " + address.getHostString());
    }
    try {
      if (tls.isEmpty()) {
        return HttpServer.create(address, BACKLOG);
      }
      HttpsServer server = HttpsServer.create(address, BACKLOG);
      server.setHttpsConfigurator(new HttpsConfigurator(tls.get()));
      return server;
    } catch (BindException e) {
      throw new IOException(
          "can't listen at "
              + address.getHostString()
              + ":"
              + address.getPort()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  /** Starts answering. */
  public void start() {
    servers.forEach(HttpServer::start);
  }

  /** {@return where it listens, with the ports that were chosen where 0 was asked for} */
  public List<InetSocketAddress> addresses() {
    return servers.stream().map(HttpServer::getAddress).toList();
  }

  private void handle(HttpExchange exchange) {
    try (exchange) {
      Answer answer = safely(exchange);
      if (!inFlight.begin(answer.body())) {
        answer = Answer.text(UNAVAILABLE, "too many answers are being taken too slowly");
        inFlight.count(answer.body());
      }
      try {
        send(exchange, answer);
      } finally {
        inFlight.end(answer.body());
      }
    } catch (IOException e) {
      // The client has gone, or takes nothing: nobody is there to be told.
    }
  }

  private Answer safely(HttpExchange exchange) {
    try {
      return answer(exchange);
    } catch (RuntimeException e) {
      trouble.accept("a mistake of ours at " + exchange.getRequestURI().getPath() + ": " + e);
      return Answer.text(INTERNAL_ERROR, "a mistake of ours: the log has more");
    }
  }

  private Answer answer(HttpExchange exchange) {
    switch (passwords.check(header(exchange, "Authorization"))) {
      case RIGHT -> {}
      case WRONG -> {
        exchange.getResponseHeaders().set("WWW-Authenticate", "Basic");
        return Answer.text(UNAUTHORIZED, "a name and a password are needed");
      }
      case BUSY -> {
        return Answer.text(UNAVAILABLE, "too many passwords are being checked");
      }
    }
    Page page = pages.get(exchange.getRequestURI().getPath());
    if (page == null) {
      return Answer.text(NOT_FOUND, "there is nothing here");
    }
    String method = exchange.getRequestMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.getResponseHeaders().set("Allow", "GET, HEAD");
      return Answer.text(METHOD_NOT_ALLOWED, "it can only be read");
    }
    String query = exchange.getRequestURI().getRawQuery();
    return page.answer(new Request(query == null ? "" : query, header(exchange, "Accept")));
  }

  /** A header that is there several times is a list. */
  private static String header(HttpExchange exchange, String name) {
    List<String> values = exchange.getRequestHeaders().get(name);
    return values == null ? "" : String.join(",", values);
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    var headers = exchange.getResponseHeaders();
    headers.set("Content-Type", answer.type());
    headers.set("X-Content-Type-Options", "nosniff");
    boolean isUnpacked = answer.isGzipped() && !takesGzip(header(exchange, "Accept-Encoding"));
    if (answer.isGzipped() && !isUnpacked) {
      headers.set("Content-Encoding", "gzip");
    }
    long length = isUnpacked ? answer.unpackedBytes() : answer.body().length;
    if (answer.status() == OK) {
      headers.set("Vary", "Accept, Accept-Encoding");
    }
    if (exchange.getRequestMethod().equals("HEAD")) {
      headers.set("Content-Length", Long.toString(length));
      exchange.sendResponseHeaders(answer.status(), -1);
      return;
    }
    exchange.sendResponseHeaders(answer.status(), length);
    InputStream in = new ByteArrayInputStream(answer.body());
    try (OutputStream body = exchange.getResponseBody();
        InputStream content = isUnpacked ? new GZIPInputStream(in, UNPACKING_BYTES) : in) {
      content.transferTo(body);
    }
  }

  /** {@return whether a client takes gzip, and does not say that it would rather not} */
  static boolean takesGzip(String acceptEncoding) {
    for (String coding : acceptEncoding.toLowerCase(Locale.ROOT).split(",", -1)) {
      String[] parts = coding.split(";", -1);
      if (parts[0].strip().equals("gzip")) {
        return parts.length == 1 || !parts[1].replace(" ", "").matches("q=0(\\.0*)?");
      }
    }
    return false;
  }

  /** Ends at once, whoever is being answered. */
  @Override
  public void close() {
    servers.forEach(server -> server.stop(0));
    threads.shutdownNow();
  }
}
