/** KVM's statistics as meters of Micrometer. */
// Micrometer's jars have names of their own, but no module descriptions.
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module io.kvmstats.micrometer {
  requires static org.jspecify;
  requires transitive io.kvmstats.collect;
  requires transitive micrometer.core;

  exports io.kvmstats.micrometer;
}
