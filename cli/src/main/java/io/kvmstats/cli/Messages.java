package io.kvmstats.cli;

import io.kvmstats.core.text.Text;

/** What is said beside the numbers, on standard error. */
final class Messages {
  private Messages() {}

  /**
   * Says something in a line, with nothing in it that a terminal would obey.
   *
   * @param message without a line end
   */
  static void say(String message) {
    System.err.println("kvmstats: " + Text.printable(message));
  }
}
