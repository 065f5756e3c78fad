/** The privileged process that reads for others, and the side of those who read from it. */
module io.kvmstats.broker {
  requires static org.jspecify;
  requires transitive io.kvmstats.collect;

  exports io.kvmstats.broker;
}
