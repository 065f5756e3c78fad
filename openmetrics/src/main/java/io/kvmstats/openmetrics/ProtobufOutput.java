package io.kvmstats.openmetrics;

import io.kvmstats.core.model.Scale;
import java.io.IOException;
import java.io.OutputStream;

/**
 * {@code io.prometheus.client.MetricFamily}s, each with its length before it (metrics.proto of
 * prometheus/client_model).
 *
 * <p>A histogram has its classic buckets and a native histogram, of which readers take what they
 * know. Its message can't leave a sum out, so one that is unknown is NaN.
 */
final class ProtobufOutput implements Output {
  private static final int FAMILY_NAME = 1;
  private static final int FAMILY_HELP = 2;
  private static final int FAMILY_TYPE = 3;
  private static final int FAMILY_METRIC = 4;
  private static final int FAMILY_UNIT = 5;

  private static final int METRIC_GAUGE = 2;
  private static final int METRIC_COUNTER = 3;
  private static final int METRIC_UNTYPED = 5;
  private static final int METRIC_HISTOGRAM = 7;

  private static final int VALUE = 1;
  private static final int COUNTER_CREATED = 3;

  private static final int HISTOGRAM_COUNT = 1;
  private static final int HISTOGRAM_SUM = 2;
  private static final int HISTOGRAM_BUCKET = 3;
  private static final int HISTOGRAM_SCHEMA = 5;
  private static final int HISTOGRAM_ZERO_THRESHOLD = 6;
  private static final int HISTOGRAM_ZERO_COUNT = 7;
  private static final int HISTOGRAM_POSITIVE_SPAN = 12;
  private static final int HISTOGRAM_POSITIVE_DELTA = 13;
  private static final int HISTOGRAM_CREATED = 15;

  private static final int BUCKET_COUNT = 1;
  private static final int BUCKET_BOUND = 2;
  private static final int SPAN_OFFSET = 1;
  private static final int SPAN_LENGTH = 2;
  private static final int TIME_SECONDS = 1;
  private static final int TIME_NANOS = 2;

  private static final int MILLIS = 1000;
  private static final int NANOS_PER_MILLI = 1_000_000;

  private final OutputStream out;
  private final Bytes family = new Bytes(1 << 16);
  private final Bytes value = new Bytes(1024);
  private final Bytes part = new Bytes(64);
  private final Bytes head = new Bytes(256);
  private Family current = new Family("", Kind.UNKNOWN, "", "");

  ProtobufOutput(OutputStream out) {
    this.out = out;
  }

  @Override
  public void begin(Family next) {
    current = next;
  }

  @Override
  public void value(Labels labels, long raw, Scale scale, long createdMillis) {
    value.clear();
    Protobuf.fixed(value, VALUE, scale.toDouble(raw));
    int field =
        switch (current.kind()) {
          case COUNTER -> METRIC_COUNTER;
          case UNKNOWN -> METRIC_UNTYPED;
          default -> METRIC_GAUGE;
        };
    if (current.kind() == Kind.COUNTER) {
      created(COUNTER_CREATED, createdMillis);
    }
    metric(labels, field);
  }

  @Override
  public void histogram(Labels labels, Histogram histogram, long createdMillis) {
    value.clear();
    Protobuf.varint(value, HISTOGRAM_COUNT, histogram.total());
    double sum = histogram.hasSum() ? histogram.sumScale().toDouble(histogram.sum()) : Double.NaN;
    Protobuf.fixed(value, HISTOGRAM_SUM, sum);
    Buckets buckets = histogram.buckets();
    for (int i = 0; i < buckets.classic(); i++) {
      part.clear();
      Protobuf.varint(part, BUCKET_COUNT, histogram.cumulative(i));
      Protobuf.fixed(part, BUCKET_BOUND, buckets.bound(i));
      Protobuf.message(value, HISTOGRAM_BUCKET, part);
    }
    // Differences of counts are signed: beyond 2^63 they can't be told.
    if (buckets.isNative() && histogram.total() >= 0) {
      nativeBuckets(histogram, buckets);
    }
    created(HISTOGRAM_CREATED, createdMillis);
    metric(labels, METRIC_HISTOGRAM);
  }

  /** As one span, from the first bucket that has something in it to the last one. */
  private void nativeBuckets(Histogram histogram, Buckets buckets) {
    Protobuf.signed(value, HISTOGRAM_SCHEMA, 0);
    Protobuf.fixed(value, HISTOGRAM_ZERO_THRESHOLD, buckets.zeroThreshold());
    Protobuf.varint(value, HISTOGRAM_ZERO_COUNT, histogram.count(0));
    int first = 1;
    int end = buckets.size();
    while (first < end && histogram.count(first) == 0) {
      first++;
    }
    while (end > first && histogram.count(end - 1) == 0) {
      end--;
    }
    if (first == end) {
      return;
    }
    part.clear();
    Protobuf.signed(part, SPAN_OFFSET, first + buckets.shift());
    Protobuf.varint(part, SPAN_LENGTH, end - first);
    Protobuf.message(value, HISTOGRAM_POSITIVE_SPAN, part);
    long before = 0;
    for (int i = first; i < end; i++) {
      Protobuf.signed(value, HISTOGRAM_POSITIVE_DELTA, histogram.count(i) - before);
      before = histogram.count(i);
    }
  }

  private void created(int field, long millis) {
    if (millis != UNKNOWN_TIME) {
      part.clear();
      Protobuf.varint(part, TIME_SECONDS, millis / MILLIS);
      Protobuf.varint(part, TIME_NANOS, millis % MILLIS * NANOS_PER_MILLI);
      Protobuf.message(value, field, part);
    }
  }

  private void metric(Labels labels, int field) {
    head.clear();
    Protobuf.begin(head, field, value.size());
    Protobuf.begin(family, FAMILY_METRIC, labels.messages().length + head.size() + value.size());
    family.put(labels.messages());
    family.put(head);
    family.put(value);
  }

  @Override
  public void end() throws IOException {
    if (family.size() == 0) {
      return;
    }
    head.clear();
    head.put(Protobuf.text(FAMILY_NAME, current.seriesName()));
    head.put(Protobuf.text(FAMILY_HELP, current.help()));
    Protobuf.varint(head, FAMILY_TYPE, type(current.kind()));
    byte[] unit =
        current.unit().isEmpty() ? new byte[0] : Protobuf.text(FAMILY_UNIT, current.unit());
    part.clear();
    part.putVarint((long) head.size() + family.size() + unit.length);
    part.flush(out);
    head.flush(out);
    family.flush(out);
    out.write(unit);
  }

  /** MetricType, which has no info. */
  private static int type(Kind kind) {
    return switch (kind) {
      case COUNTER -> 0;
      case GAUGE, PEAK, BOOLEAN, INFO -> 1;
      case UNKNOWN -> 3;
      case HISTOGRAM -> 4;
    };
  }

  @Override
  public void finish() {}
}
