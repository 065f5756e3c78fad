/** What was read, pushed to whoever takes OTLP over HTTP. */
module io.kvmstats.otlp {
  requires static org.jspecify;
  requires transitive io.kvmstats.collect;

  exports io.kvmstats.otlp;
}
