/** The binary form's ioctls, in programs that know nothing of it. x86-64 only. */
module io.kvmstats.exec {
  requires static org.jspecify;
  requires transitive io.kvmstats.linux;

  exports io.kvmstats.exec;
}
