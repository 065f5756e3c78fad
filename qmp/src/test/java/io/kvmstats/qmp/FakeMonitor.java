package io.kvmstats.qmp;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What could listen on a QMP socket: well-behaved, until a test has it do otherwise. */
final class FakeMonitor implements AutoCloseable {
  static final String GREETING =
      "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 1, \"minor\": 2, \"major\": 9}, \"package\":"
          + " \"\"}, \"capabilities\": [\"oob\"]}}\r\n";

  private static final Pattern REQUEST =
      Pattern.compile("\\{\"execute\":\"([a-z_-]+)\".*?(?:\"target\":\"(\\w+)\".*)?\"id\":(\\d+)}");

  private static final int SELF = (int) ProcessHandle.current().pid();

  final Path path;
  final AtomicInteger connections = new AtomicInteger();
  private final ServerSocketChannel server;
  private final Map<String, Says> says = new ConcurrentHashMap<>();

  /** What is said, instead of an answer that would be right. */
  interface Says {
    void say(OutputStream out, String id) throws IOException, InterruptedException;
  }

  FakeMonitor(Path path) throws IOException {
    this.path = path;
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    returns("qmp_capabilities", "{}");
    returns(
        "query-cpus-fast",
        "[{\"thread-id\": %1$d, \"qom-path\": \"/a\", \"cpu-index\": 0}, {\"thread-id\": %1$d, \"qom-path\": \"/b\", \"cpu-index\": 1}]"
            .formatted(SELF));
    says.put(
        "qom-get",
        (out, id) ->
            write(
                out, "{\"error\":{\"class\":\"GenericError\",\"desc\":\"no\"},\"id\":" + id + "}"));
    returns(
        "query-stats-schemas",
        """
        [{"provider":"kvm","target":"vm","stats":[
          {"name":"flushes","type":"cumulative","exponent":0}]},
         {"provider":"cryptodev","target":"cryptodev","stats":[]},
         {"provider":"kvm","target":"vcpu","stats":[
          {"name":"wait_hist","type":"log2-histogram","unit":"seconds","base":10,"exponent":-9},
          {"name":"halt_wait_hist","type":"log2-histogram","unit":"seconds","base":10,"exponent":-9},
          {"name":"halt_wait_ns","type":"cumulative","unit":"seconds","base":10,"exponent":-9},
          {"name":"odd","type":"of tomorrow","unit":"furlongs","base":3,"exponent":2,"more":[{}]},
          {"name":"guest_mode","type":"instant","unit":"boolean","exponent":0},
          {"name":"exits","type":"cumulative","exponent":0}]}]
        """);
    returns("query-stats vm", stats("", "flushes", "3"));
    returns("query-stats vcpu", "[" + vcpu("/b", "false") + "," + vcpu("/a", "true") + "]");
    Thread.ofVirtual().start(this::accept);
  }

  static String vcpu(String path, String guestMode) {
    return object(
        path,
        "wait_hist",
        "[0,0,0,0]",
        "halt_wait_hist",
        "[0,0,0,0]",
        "halt_wait_ns",
        "0",
        "odd",
        "18446744073709551615",
        "guest_mode",
        guestMode,
        "exits",
        "12");
  }

  /** {@return a list of one object with the statistics of "name, value, name, value"} */
  static String stats(String path, String... stats) {
    return "[" + object(path, stats) + "]";
  }

  static String object(String path, String... stats) {
    StringBuilder out = new StringBuilder("{\"provider\":\"kvm\",\"stats\":[");
    for (int i = 0; i < stats.length; i += 2) {
      out.append(i == 0 ? "" : ",")
          .append("{\"name\":\"%s\",\"value\":%s}".formatted(stats[i], stats[i + 1]));
    }
    out.append("]");
    return out + (path.isEmpty() ? "}" : ",\"qom-path\":\"" + path + "\"}");
  }

  static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Has a command, with its target if it has one, return something. */
  void returns(String command, String value) {
    says(command, (out, id) -> write(out, "{\"return\": " + value + ", \"id\": " + id + "}\r\n"));
  }

  /** Has a command, or "greeting", answered in another way. */
  void says(String command, Says what) {
    says.put(command, what);
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel client = server.accept();
        connections.incrementAndGet();
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException e) {
      // Closed, with the test.
    }
  }

  private void serve(SocketChannel client) {
    try (client) {
      OutputStream out = Channels.newOutputStream(client);
      Says greeting = says.getOrDefault("greeting", (o, id) -> write(o, GREETING));
      greeting.say(out, "0");
      BufferedReader in = new BufferedReader(Channels.newReader(client, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        Matcher request = REQUEST.matcher(line);
        if (!request.matches()) {
          throw new AssertionError(line);
        }
        String target = request.group(2) == null ? "" : " " + request.group(2);
        says.get(request.group(1) + target).say(out, request.group(3));
      }
    } catch (IOException | InterruptedException e) {
      // It has had enough of us, as it should.
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
