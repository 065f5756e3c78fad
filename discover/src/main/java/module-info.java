/**
 * The VMs of a host, found by reading /proc. From elsewhere come only names, and the hint that
 * nothing is new.
 */
module io.kvmstats.discover {
  requires java.xml;
  requires static org.jspecify;
  requires transitive io.kvmstats.linux;

  exports io.kvmstats.discover;
}
