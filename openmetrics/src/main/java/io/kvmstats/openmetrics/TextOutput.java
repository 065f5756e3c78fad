package io.kvmstats.openmetrics;

import io.kvmstats.core.model.Scale;
import java.io.IOException;
import java.io.OutputStream;

/**
 * The text formats: Prometheus's, and OpenMetrics, which was made from it.
 *
 * <p>When something was created is not in them: OpenMetrics says it in a line of its own, of which
 * Prometheus would make as many series again.
 */
final class TextOutput implements Output {
  private static final byte[] LE_END = Bytes.of("\"} ");

  /** What is kept before it is written. */
  private static final int CHUNK_BYTES = 1 << 16;

  private final Bytes bytes = new Bytes(CHUNK_BYTES + (1 << 12));
  private final OutputStream out;
  private final boolean isOpenMetrics;
  private Family family = new Family("", Kind.UNKNOWN, "", "");
  private byte[] series = {};
  private byte[] bucket = {};
  private byte[] count = {};
  private byte[] sum = {};
  private boolean hasBegun;

  TextOutput(OutputStream out, boolean isOpenMetrics) {
    this.out = out;
    this.isOpenMetrics = isOpenMetrics;
  }

  @Override
  public void begin(Family next) {
    family = next;
    hasBegun = false;
  }

  private void head() {
    hasBegun = true;
    series = Bytes.of(family.seriesName());
    bucket = Bytes.of(family.name() + "_bucket");
    count = Bytes.of(family.name() + "_count");
    sum = Bytes.of(family.name() + "_sum");
    String help = family.help().replace("\\", "\\\\").replace("\n", "\\n");
    if (!isOpenMetrics) {
      bytes.put(Bytes.of("# HELP " + family.seriesName() + " " + help + "\n"));
      bytes.put(Bytes.of("# TYPE " + family.seriesName() + " " + family.kind().textWord() + "\n"));
      return;
    }
    String name = family.name() + " ";
    bytes.put(Bytes.of("# TYPE " + name + family.kind().openMetricsWord() + "\n"));
    if (!family.unit().isEmpty()) {
      bytes.put(Bytes.of("# UNIT " + name + family.unit() + "\n"));
    }
    bytes.put(Bytes.of("# HELP " + name + help.replace("\"", "\\\"") + "\n"));
  }

  @Override
  public void value(Labels labels, long raw, Scale scale, long createdMillis) throws IOException {
    if (!hasBegun) {
      head();
    }
    bytes.put(series);
    bytes.put(labels.text());
    bytes.putScaled(raw, scale);
    bytes.put('\n');
    spill();
  }

  @Override
  public void histogram(Labels labels, Histogram histogram, long createdMillis) throws IOException {
    if (!hasBegun) {
      head();
    }
    Buckets buckets = histogram.buckets();
    for (int i = 0; i < buckets.classic(); i++) {
      bytes.put(bucket);
      bytes.put(labels.textWithLe());
      bytes.put(buckets.text(i));
      bytes.put(LE_END);
      bytes.putDecimal(histogram.cumulative(i), 0);
      bytes.put('\n');
    }
    // OpenMetrics has both of these or none.
    if (histogram.hasSum() || !isOpenMetrics) {
      bytes.put(count);
      bytes.put(labels.text());
      bytes.putDecimal(histogram.total(), 0);
      bytes.put('\n');
    }
    if (histogram.hasSum()) {
      bytes.put(sum);
      bytes.put(labels.text());
      bytes.putScaled(histogram.sum(), histogram.sumScale());
      bytes.put('\n');
    }
    spill();
  }

  private void spill() throws IOException {
    if (bytes.size() >= CHUNK_BYTES) {
      bytes.flush(out);
    }
  }

  @Override
  public void end() {}

  @Override
  public void finish() throws IOException {
    if (isOpenMetrics) {
      bytes.put(Bytes.of("# EOF\n"));
    }
    bytes.flush(out);
  }
}
