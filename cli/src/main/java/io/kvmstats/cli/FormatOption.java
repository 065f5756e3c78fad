package io.kvmstats.cli;

import picocli.CommandLine.Option;

/** The option for how numbers are printed, of every command that prints some. */
final class FormatOption {
  @Option(
      names = "--format",
      defaultValue = "table",
      description =
          "One of ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default. JSON is one document on a"
              + " line, and a line per interval where there are several.")
  private Format format = Format.TABLE;

  void set(Format format) {
    this.format = format;
  }

  Format get() {
    return format;
  }
}
