/** Gets the sources of objects' statistics that this process can read by itself. */
module io.kvmstats.acquire {
  requires static org.jspecify;
  requires transitive io.kvmstats.discover;

  exports io.kvmstats.acquire;
}
