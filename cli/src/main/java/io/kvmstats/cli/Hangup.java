package io.kvmstats.cli;

import java.lang.reflect.Proxy;

/**
 * SIGHUP, which tells a server to do something anew.
 *
 * <p>Java has one way to take a signal, and javac warns wherever it is named, which nothing turns
 * off: so it is looked up.
 */
final class Hangup {
  private Hangup() {}

  /**
   * Has something done at each SIGHUP, which otherwise ends the program.
   *
   * @param action runs on a thread of its own
   */
  static void handle(Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object handling =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                action.run();
                return null;
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), handling);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Java takes no signals", e);
    }
  }
}
