/** The screen of {@code kvmstats top}. */
module io.kvmstats.tui {
  requires static org.jspecify;
  requires transitive io.kvmstats.collect;
  requires org.jline.terminal;

  exports io.kvmstats.tui;
}
