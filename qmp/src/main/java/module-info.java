/** Statistics of VMs that QEMU gives in its machine protocol (QMP). */
module io.kvmstats.qmp {
  requires static org.jspecify;
  requires transitive io.kvmstats.discover;
  requires jdk.net;
  requires tools.jackson.core;

  exports io.kvmstats.qmp;
}
