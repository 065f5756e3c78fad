/** What was read, in the formats that Prometheus scrapes. */
module io.kvmstats.openmetrics {
  requires static org.jspecify;
  requires transitive io.kvmstats.collect;

  exports io.kvmstats.openmetrics;
}
