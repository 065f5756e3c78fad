/** An HTTP server for pages that others make. */
// bcrypt's jar has no name of its own, and is a jar beside the image wherever one is linked.
@SuppressWarnings("requires-automatic")
module io.kvmstats.web {
  requires static org.jspecify;
  requires bcrypt;
  requires jdk.httpserver;
  requires org.snakeyaml.engine;

  exports io.kvmstats.web;
}
