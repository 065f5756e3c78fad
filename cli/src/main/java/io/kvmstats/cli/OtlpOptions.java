package io.kvmstats.cli;

import io.kvmstats.collect.VmmView;
import io.kvmstats.otlp.OtelSettings;
import io.kvmstats.otlp.OtlpPush;
import io.kvmstats.otlp.Target;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where {@code serve} pushes to, if it does: OpenTelemetry's settings, by its names. */
final class OtlpOptions {
  /** What OpenTelemetry's own variables mean here. */
  static final Map<String, String> VARIABLES =
      Map.of(
          "--otlp.endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT",
          "--otlp.headers", "OTEL_EXPORTER_OTLP_HEADERS",
          "--otlp.compression", "OTEL_EXPORTER_OTLP_COMPRESSION");

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec spec;

  @Option(
      names = "--otlp.endpoint",
      paramLabel = "URL",
      description =
          "Push there, too, as OTLP over HTTP: 'http://localhost:4318', below which v1/metrics is"
              + " added. OTEL_EXPORTER_OTLP_ENDPOINT is the same.")
  private @Nullable String endpoint;

  @Option(
      names = "--otlp.headers",
      paramLabel = "NAME=VALUE,...",
      description =
          "Headers that go with it, percent-encoded; a secret is better in the file or in"
              + " OTEL_EXPORTER_OTLP_HEADERS.")
  private String headers = "";

  @Option(
      names = "--otlp.compression",
      paramLabel = "none|gzip",
      defaultValue = "none",
      description = "${DEFAULT-VALUE} by default; OTEL_EXPORTER_OTLP_COMPRESSION is the same.")
  private String compression = "";

  @Option(
      names = "--otlp.interval",
      paramLabel = "SECONDS",
      defaultValue = "60",
      converter = Interval.class,
      description = "From one push to the next; ${DEFAULT-VALUE} by default.")
  private Duration interval = Duration.ZERO;

  /** {@return what pushes, not started yet; empty when nothing is to be pushed} */
  Optional<OtlpPush> push(ServedHost host, String version, Log log) {
    if (endpoint == null) {
      return Optional.empty();
    }
    try {
      Target target =
          new Target(
              OtelSettings.metricsEndpoint(endpoint),
              OtelSettings.headers(headers),
              interval,
              Target.DEFAULT_TIMEOUT,
              OtelSettings.gzip(compression));
      return Optional.of(new OtlpPush(target, () -> read(host), version, log::warn));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          Objects.requireNonNull(spec).commandLine(), "--otlp: " + e.getMessage(), e);
    }
  }

  /** While nothing can be read nothing is pushed: that a VM has ended would be a guess. */
  private static List<VmmView> read(ServedHost host) {
    ServedHost.Sweep sweep = host.sweep();
    if (!sweep.health().up()) {
      throw new UncheckedIOException(new IOException("the log has said why"));
    }
    return sweep.vmms();
  }
}
