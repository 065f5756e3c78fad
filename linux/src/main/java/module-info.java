/**
 * The only native code: typed Linux system calls through {@code java.lang.foreign}.
 *
 * <p>Run with {@code --enable-native-access=io.kvmstats.linux}.
 */
module io.kvmstats.linux {
  requires static org.jspecify;
  requires transitive io.kvmstats.core;

  exports io.kvmstats.linux;
}
