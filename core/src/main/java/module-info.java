/**
 * The model of KVM's statistics and the formats they travel in.
 *
 * <p>Pure work on memory: this module makes no system call, and byte order is a parameter of
 * whatever depends on it.
 */
module io.kvmstats.core {
  requires static org.jspecify;

  exports io.kvmstats.core.binaryform;
  exports io.kvmstats.core.catalog;
  exports io.kvmstats.core.model;
  exports io.kvmstats.core.statsfd;
  exports io.kvmstats.core.text;
}
