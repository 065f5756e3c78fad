/** Statistics of VMMs and simulators in Java, published for any reader of the kernel's. */
module io.kvmstats.publish {
  requires static org.jspecify;
  requires transitive io.kvmstats.linux;

  exports io.kvmstats.publish;
  exports io.kvmstats.publish.simulate;
}
