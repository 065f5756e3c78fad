package io.kvmstats.cli;

import java.util.Locale;

/** How numbers are printed. */
enum Format {
  /** For people. */
  TABLE,
  /** One document, or one per line where there are many. */
  JSON,
  /** With a header line, quoted as RFC 4180 has it. */
  CSV;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
