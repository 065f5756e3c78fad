/** Tiny real guests run through /dev/kvm: for the demo and the end-to-end tests. x86-64 only. */
module io.kvmstats.guest {
  requires static org.jspecify;
  requires transitive io.kvmstats.linux;

  exports io.kvmstats.guest;
}
