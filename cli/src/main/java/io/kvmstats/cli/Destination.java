package io.kvmstats.cli;

import java.io.IOException;

/** Where a command's lines go. */
interface Destination extends AutoCloseable {
  /**
   * Gets ready for the next lines, which depend on what was written there before.
   *
   * @param printer makes them
   * @throws IOException when they have nowhere to go
   */
  void prepare(SweepPrinter printer) throws IOException;

  /**
   * Writes all of a text, now.
   *
   * @param text with its line ends
   * @throws IOException when it can't be written, such as to a full disk
   */
  void print(CharSequence text) throws IOException;

  @Override
  void close() throws IOException;
}
