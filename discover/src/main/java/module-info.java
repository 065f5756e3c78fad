/** The VMs of a host, found by reading /proc and nothing else. */
module io.kvmstats.discover {
  requires static org.jspecify;
  requires transitive io.kvmstats.linux;

  exports io.kvmstats.discover;
}
