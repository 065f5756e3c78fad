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
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * What Prometheus scrapes. However many do so at once, the whole document is written once.
 *
 * <p>Written compressed, which takes a small part of the memory, whoever asks. Documents that are
 * parts of it, of which there are as many as clients can think of names, are not kept.
 */
final class MetricsPage implements Page {
  private final ServedHost host;
  private final Exposition exposition;
  private final ReentrantLock writing = new ReentrantLock();
  private final Map<Format, Answer> whole = new EnumMap<>(Format.class);
  private long writtenOf;

  MetricsPage(ServedHost host, Selection selection) {
    this.host = host;
    this.exposition = new Exposition(selection);
  }

  @Override
  public Answer answer(Request request) {
    Format format = Format.accepted(request.accept());
    Set<String> names = Set.copyOf(request.parameters("name[]"));
    ServedHost.Sweep sweep = host.sweep();
    writing.lock();
    try {
      if (writtenOf != sweep.endedNanos()) {
        whole.clear();
        writtenOf = sweep.endedNanos();
      }
      return names.isEmpty()
          ? whole.computeIfAbsent(format, _ -> write(sweep, format, names))
          : write(sweep, format, names);
    } finally {
      writing.unlock();
    }
  }

  private Answer write(ServedHost.Sweep sweep, Format format, Set<String> names) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    FastGzip gzip;
    try (FastGzip out = new FastGzip(body)) {
      exposition.write(sweep.vmms(), sweep.health(), format, names, out);
      gzip = out;
    } catch (IOException e) {
      throw new UncheckedIOException("memory can be written to", e);
    }
    return new Answer(200, format.contentType(), body.toByteArray(), gzip.unpackedBytes());
  }

  /** What is sent over a network at each scrape is worth little time: as other exporters do. */
  private static final class FastGzip extends GZIPOutputStream {
    private static final int BUFFER = 8 << 10;
    private long unpackedBytes;

    FastGzip(OutputStream out) throws IOException {
      super(out, BUFFER);
      def.setLevel(Deflater.BEST_SPEED);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
      super.write(bytes, offset, length);
      unpackedBytes += length;
    }

    long unpackedBytes() {
      return unpackedBytes;
    }
  }
}
