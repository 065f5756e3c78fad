/** Reads every acquired object into one table, and makes deltas and rates of what is there. */
module io.kvmstats.collect {
  requires static org.jspecify;
  requires transitive io.kvmstats.acquire;

  exports io.kvmstats.collect;
}
