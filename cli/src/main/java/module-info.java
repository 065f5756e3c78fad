/** The commands: parse, call, print. */
module io.kvmstats.cli {
  requires static org.jspecify;
  requires info.picocli;
  requires io.kvmstats.broker;
  requires io.kvmstats.collect;
  requires io.kvmstats.exec;
  requires io.kvmstats.guest;
  requires io.kvmstats.openmetrics;
  requires io.kvmstats.otlp;
  requires io.kvmstats.publish;
  requires io.kvmstats.qmp;
  requires io.kvmstats.tui;
  requires io.kvmstats.web;
  requires jdk.unsupported; // Signals.

  // It sets the fields that options are declared on.
  opens io.kvmstats.cli to
      info.picocli;
}
