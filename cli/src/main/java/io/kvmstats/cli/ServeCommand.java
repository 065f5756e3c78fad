package io.kvmstats.cli;

import io.kvmstats.collect.HostView;
import io.kvmstats.core.text.Text;
import io.kvmstats.linux.OpenFiles;
import io.kvmstats.openmetrics.Detail;
import io.kvmstats.openmetrics.Exposition;
import io.kvmstats.openmetrics.Selection;
import io.kvmstats.otlp.OtlpPush;
import io.kvmstats.web.Answer;
import io.kvmstats.web.Page;
import io.kvmstats.web.WebConfig;
import io.kvmstats.web.WebServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvmstats serve}. */
@Command(
    name = "serve",
    description = {
      "Serves the statistics of this host's VMs to Prometheus, and pushes them as OTLP where that is"
          + " asked for, until it is interrupted. docs/metrics.md and docs/otlp.md have the metrics,"
          + " docs/serve.md the rest.",
      "Needs no privileges where a broker runs: 'kvmstats broker' is the one with the privileges.",
      "Every option can be set in the environment, --web.config.file by KVMSTATS_WEB_CONFIG_FILE,"
          + " and in --config.file, by a line 'web.config.file = ...'. The command line goes before"
          + " the environment, and that before the file."
    },
    mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
  private static final String OWN_PATHS = "/-/";

  /** For what is said at the end, such as a last push. */
  private static final Duration END_PATIENCE = Duration.ofSeconds(5);

  private static final String DEFAULT_ADDRESS = "127.0.0.1:9766";

  private final CountDownLatch over = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);

  @Spec private CommandSpec spec;

  @Option(
      names = "--web.listen-address",
      paramLabel = "HOST:PORT",
      converter = ListenAddress.class,
      defaultValue = DEFAULT_ADDRESS,
      split = "\\s*,\\s*",
      splitSynopsisLabel = ",",
      description = "Where to listen; ${DEFAULT-VALUE} by default. May be given several times.")
  private List<InetSocketAddress> addresses = new ArrayList<>();

  @Option(
      names = "--web.telemetry-path",
      paramLabel = "PATH",
      defaultValue = "/metrics",
      description = "Where the metrics are; ${DEFAULT-VALUE} by default.")
  private String path = "";

  @Option(
      names = "--web.config.file",
      paramLabel = "FILE",
      description =
          "TLS and passwords, as other exporters have them: tls_server_config with cert_file and"
              + " key_file, and basic_auth_users.")
  private @Nullable Path webConfig;

  @Option(
      names = "--detail",
      paramLabel = "DETAIL",
      defaultValue = "vcpu",
      description =
          "How much: 'vm' adds up a VM's vCPUs, 'vcpu' has a series for each, 'histograms' has these"
              + " too; ${DEFAULT-VALUE} by default.")
  private Detail detail = Detail.VCPU;

  @Option(
      names = "--allow",
      paramLabel = "GLOB",
      split = "\\s*,\\s*",
      splitSynopsisLabel = ",",
      description = "Only metrics whose name matches, such as 'kvm_vcpu_halt_*'; several for more.")
  private List<String> allow = new ArrayList<>();

  @Option(
      names = "--deny",
      paramLabel = "GLOB",
      split = "\\s*,\\s*",
      splitSynopsisLabel = ",",
      description = "No metrics whose name matches, allowed or not.")
  private List<String> deny = new ArrayList<>();

  @Option(
      names = {"-i", "--interval"},
      paramLabel = "SECONDS",
      defaultValue = "1",
      converter = Interval.class,
      description =
          "How old numbers may be: who scrapes within it gets the same; ${DEFAULT-VALUE} by"
              + " default.")
  private Duration interval = Duration.ZERO;

  @Mixin private OtlpOptions otlp = new OtlpOptions();
  @Mixin private SourceOptions sources = new SourceOptions();

  @Option(
      names = "--config.file",
      paramLabel = "FILE",
      description = "Options, a line each; /etc/kvmstats/serve.conf by default, if it is there.")
  @SuppressWarnings("UnusedVariable") // ServeConfig has read it by then: it says what others are.
  private @Nullable Path config;

  @Option(
      names = "--dry-run",
      description = "Print the metrics that there would be now, with how many series each has.")
  private boolean dryRun;

  @Override
  public Integer call() throws IOException {
    if (!path.matches("/[A-Za-z0-9._~/-]+") || path.startsWith(OWN_PATHS)) {
      throw new ParameterException(
          spec.commandLine(),
          "--web.telemetry-path is a slash and a name, such as /metrics, and not below /-/");
    }
    WebConfig web = web();
    Log log = new Log(System.err, InstantSource.system());
    HostView host = sources.host((_, _) -> true, Optional.of(interval));
    String version = spec.root().version()[0].replaceFirst("\\D* ", "");
    try (ServedHost served = new ServedHost(host, interval, version, log)) {
      Selection selection = new Selection(detail, allow, deny);
      Optional<OtlpPush> push = otlp.push(served, version, log);
      served.start();
      if (dryRun) {
        return count(served, selection);
      }
      try {
        return serve(served, selection, web, push, log);
      } finally {
        push.ifPresent(OtlpPush::close);
      }
    } finally {
      closed.countDown();
    }
  }

  /** What is wrong in a file gets no better by another start: it is wrong usage. */
  private WebConfig web() {
    try {
      if (spec.defaultValueProvider() instanceof ServeConfig serve) {
        serve.check(spec);
      }
      return webConfig == null ? WebConfig.NONE : WebConfig.load(webConfig);
    } catch (IOException e) {
      throw new ParameterException(spec.commandLine(), Main.what(e), e);
    }
  }

  private static int count(ServedHost served, Selection selection) throws IOException {
    ServedHost.Sweep sweep = served.sweep();
    SortedMap<String, Integer> series =
        new Exposition(selection).series(sweep.vmms(), sweep.health());
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("METRIC", "SERIES"));
    series.forEach((name, count) -> rows.add(List.of(name, Integer.toString(count))));
    long all = series.values().stream().mapToLong(Integer::longValue).sum();
    rows.add(List.of("TOTAL", Long.toString(all)));
    new Output().print(Text.columns(rows, List.of(false, true)));
    return Exit.DONE;
  }

  private int serve(
      ServedHost served, Selection selection, WebConfig web, Optional<OtlpPush> push, Log log)
      throws IOException {
    Map<String, Page> pages = new LinkedHashMap<>();
    pages.put("/", _ -> landing());
    pages.put("/-/healthy", _ -> Answer.text(200, "kvmstats is here"));
    pages.put("/-/ready", _ -> ready(served.isReady()));
    pages.put(path, new MetricsPage(served, selection));
    ServedHost.Sweep sweep = served.sweep();
    if (new Exposition(selection).series(sweep.vmms(), sweep.health()).isEmpty()) {
      log.warn("--allow and --deny leave no metric of those that there are now");
    }
    warnOfStrangers(web, log);
    try (WebServer server = new WebServer(addresses, web, pages, OpenFiles.raise(), log::warn)) {
      Runtime.getRuntime().addShutdownHook(new Thread(this::end));
      server.start();
      String scheme = web.tls().isPresent() ? "https://" : "http://";
      for (InetSocketAddress address : server.addresses()) {
        log.info("serves " + scheme + text(address) + path);
      }
      if (push.isPresent()) {
        push.get().start();
        log.info("pushes OTLP to " + push.get());
      }
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Exit.DONE;
  }

  /** A signal's end is in order. */
  private void end() {
    over.countDown();
    try {
      boolean inTime = closed.await(END_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      if (!inTime) {
        Messages.say("something takes too long to end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  /** The names and loads of VMs are their owners'. */
  private void warnOfStrangers(WebConfig web, Log log) {
    boolean isOpen = web.tls().isEmpty() || web.users().isEmpty();
    for (InetSocketAddress address : addresses) {
      if (isOpen && !address.isUnresolved() && !address.getAddress().isLoopbackAddress()) {
        log.warn(
            "about to listen at "
                + text(address)
                + " without "
                + (web.users().isEmpty()
                    ? "passwords: whoever reaches it can read"
                    : "TLS: passwords and numbers can be read on their way")
                + "; --web.config.file has both");
      }
    }
  }

  private static Answer ready(boolean isReady) {
    return isReady
        ? Answer.text(200, "ready")
        : Answer.text(503, "nothing can be read: the log says why");
  }

  private Answer landing() {
    String page =
        String.format(
            Locale.ROOT,
            """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>kvmstats</title></head>
            <body><h1>kvmstats</h1>
            <p>What KVM counts for the VMs of this host.</p>
            <ul><li><a href="%s">metrics</a></li><li><a href="/-/healthy">healthy</a></li>
            <li><a href="/-/ready">ready</a></li></ul></body></html>
            """,
            path);
    return new Answer(
        200, "text/html; charset=utf-8", page.getBytes(StandardCharsets.UTF_8), Answer.PLAIN);
  }
}
