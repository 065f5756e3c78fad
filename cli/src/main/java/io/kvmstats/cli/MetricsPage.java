package io.kvmstats.cli;

import io.kvmstats.openmetrics.Exposition;
import io.kvmstats.openmetrics.Format;
import io.kvmstats.openmetrics.Selection;
import io.kvmstats.web.Answer;
import io.kvmstats.web.Page;
import io.kvmstats.web.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/** What Prometheus scrapes. However many do so at once, a document is written once. */
final class MetricsPage implements Page {
  /** More kinds of one sweep's documents are not kept: who asks for others has them written. */
  private static final int KEPT_MAX = 16;

  private record Kind(Format format, boolean isGzipped, Set<String> names) {}

  private final ServedHost host;
  private final Exposition exposition;
  private final ReentrantLock writing = new ReentrantLock();
  private final Map<Kind, Answer> written = new HashMap<>();
  private long writtenOf;

  MetricsPage(ServedHost host, Selection selection) {
    this.host = host;
    this.exposition = new Exposition(selection);
  }

  @Override
  public Answer answer(Request request) {
    Kind kind =
        new Kind(
            Format.accepted(request.accept()),
            request.takesGzip(),
            Set.copyOf(request.parameters("name[]")));
    ServedHost.Sweep sweep = host.sweep();
    writing.lock();
    try {
      if (writtenOf != sweep.endedNanos()) {
        written.clear();
        writtenOf = sweep.endedNanos();
      }
      Answer known = written.get(kind);
      Answer answer = known == null ? write(sweep, kind) : known;
      if (written.size() < KEPT_MAX) {
        written.put(kind, answer);
      }
      return answer;
    } finally {
      writing.unlock();
    }
  }

  private Answer write(ServedHost.Sweep sweep, Kind kind) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (OutputStream out = kind.isGzipped ? new FastGzip(body) : body) {
      exposition.write(sweep.vmms(), sweep.health(), kind.format, kind.names, out);
    } catch (IOException e) {
      throw new UncheckedIOException("memory can be written to", e);
    }
    return new Answer(200, kind.format.contentType(), body.toByteArray(), kind.isGzipped);
  }

  /** What is sent over a network at each scrape is worth little time: as other exporters do. */
  private static final class FastGzip extends GZIPOutputStream {
    private static final int BUFFER = 8 << 10;

    FastGzip(OutputStream out) throws IOException {
      super(out, BUFFER);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }
}
