/** KVM's statistics as events of the JDK's Flight Recorder. */
module io.kvmstats.jfr {
  requires static org.jspecify;
  requires transitive io.kvmstats.collect;
  requires java.compiler; // Which words are keywords.
  requires jdk.jfr;

  exports io.kvmstats.jfr;
}
