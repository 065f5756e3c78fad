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
  /** A document without a selection of its own is kept for those who ask for it meanwhile. */
  private record Kind(Format format, boolean isGzipped) {}

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
    Kind kind = new Kind(Format.accepted(request.accept()), request.takesGzip());
    Set<String> names = Set.copyOf(request.parameters("name[]"));
    writing.lock();
    try {
      ServedHost.Sweep sweep = host.sweep();
      if (!names.isEmpty()) {
        return write(sweep, kind, names);
      }
      if (writtenOf != sweep.nanos()) {
        written.clear();
        writtenOf = sweep.nanos();
      }
      return written.computeIfAbsent(kind, _ -> write(sweep, kind, names));
    } finally {
      writing.unlock();
    }
  }

  private Answer write(ServedHost.Sweep sweep, Kind kind, Set<String> names) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (OutputStream out = kind.isGzipped ? new FastGzip(body) : body) {
      exposition.write(sweep.vmms(), sweep.health(), kind.format, names, out);
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
