package io.kvmstats.cli;

import java.io.BufferedWriter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/** Standard output, whose errors are noticed: {@link System#out} hides them. */
final class Output implements Destination {
  private final Writer writer =
      new BufferedWriter(
          new OutputStreamWriter(new FileOutputStream(FileDescriptor.out), StandardCharsets.UTF_8));

  /** Whoever read the output has closed it. */
  static final class ClosedException extends IOException {
    private static final long serialVersionUID = 1L;

    ClosedException(IOException cause) {
      super(cause);
    }
  }

  /** Who reads it has read all that was written before. */
  @Override
  public void prepare(SweepPrinter printer) {}

  /**
   * Writes all of a text, now.
   *
   * @param text with its line ends
   * @throws ClosedException when nobody reads any more
   * @throws IOException when it can't be written, such as to a full disk
   */
  @Override
  public void print(CharSequence text) throws IOException {
    try {
      writer.append(text);
      writer.flush();
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      // EPIPE, and EIO of a terminal that has gone, have no types of their own.
      if (message.contains("Broken pipe") || message.contains("Input/output error")) {
        throw new ClosedException(e);
      }
      throw new IOException("writing the output: " + message, e);
    }
  }

  /** It is the process's. */
  @Override
  public void close() {}
}
