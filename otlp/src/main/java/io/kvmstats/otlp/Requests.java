package io.kvmstats.otlp;

import java.util.function.Predicate;

/**
 * ExportMetricsServiceRequests, as many as it takes: one that is full is sent before the next one
 * is begun, so that there is never more than one.
 *
 * <p>Fields are those of opentelemetry/proto/metrics/v1/metrics.proto, release 1.8.0.
 */
final class Requests {
  /** Receivers refuse what is too long for them; gRPC's usual limit is 4 MiB. */
  static final int BYTES_MAX = 4 << 20;

  /** More than the tags and lengths around one point take. */
  private static final int FRAME_BYTES = 64;

  private static final int RESOURCE_METRICS = 1;
  private static final int RESOURCE = 1;
  private static final int SCOPE_METRICS = 2;
  private static final int SCOPE = 1;
  private static final int METRICS = 2;
  private static final int NAME = 1;
  private static final int DESCRIPTION = 2;
  private static final int UNIT = 3;
  private static final int VERSION = 2;
  private static final int POINTS = 1;
  private static final int TEMPORALITY = 2;
  private static final int IS_MONOTONIC = 3;
  private static final int CUMULATIVE = 2;

  private final int bytesMax;
  private final Predicate<byte[]> send;
  private final Protobuf scope;
  private final Protobuf request = new Protobuf();
  private final Protobuf metrics = new Protobuf();
  private final Protobuf points = new Protobuf();
  private Protobuf resource = new Protobuf();
  private Protobuf header = new Protobuf();
  private Kind kind = Kind.GAUGE;
  private boolean isOver;

  /**
   * Begins with an empty one.
   *
   * @param version of this program
   * @param bytesMax how long one may be; a single point is sent however long it is
   * @param send takes one; says whether there is any use in further ones
   */
  Requests(String version, int bytesMax, Predicate<byte[]> send) {
    this.bytesMax = bytesMax;
    this.send = send;
    this.scope = new Protobuf().text(NAME, "io.kvmstats").text(VERSION, version);
  }

  /** Begins with what is measured next, when all metrics of the one before have been ended. */
  void resource(Protobuf next) {
    endResource();
    resource = next;
  }

  /** Begins with the next metric of the resource. */
  void metric(MetricIdentity metric, String description) {
    endMetric();
    kind = metric.kind();
    header =
        new Protobuf()
            .text(NAME, metric.name())
            .text(DESCRIPTION, description)
            .text(UNIT, metric.unit());
  }

  /** Adds a point to the metric. */
  void point(Protobuf point) {
    int more = point.size() + header.size() + resource.size() + scope.size() + FRAME_BYTES;
    if (request.size() + metrics.size() + points.size() + more > bytesMax) {
      flush();
    }
    points.message(POINTS, point);
  }

  /** Sends what there is, if anything. */
  void flush() {
    endResource();
    if (request.size() > 0 && !isOver) {
      isOver = !send.test(request.toArray());
    }
    request.clear();
  }

  /** {@return whether whatever comes is for nobody any more} */
  boolean isOver() {
    return isOver;
  }

  private void endMetric() {
    if (points.size() == 0) {
      return;
    }
    if (kind != Kind.GAUGE) {
      points.varint(TEMPORALITY, CUMULATIVE);
    }
    if (kind == Kind.SUM) {
      points.varint(IS_MONOTONIC, 1);
    }
    metrics.message(METRICS, new Protobuf().fields(header).message(kind.field(), points));
    points.clear();
  }

  private void endResource() {
    endMetric();
    if (metrics.size() == 0) {
      return;
    }
    Protobuf ofScope = new Protobuf().message(SCOPE, scope).fields(metrics);
    request.message(
        RESOURCE_METRICS,
        new Protobuf().message(RESOURCE, resource).message(SCOPE_METRICS, ofScope));
    metrics.clear();
  }
}
